"""The engine's own settings, with files where the bench collected them, and pages compressed as nginx does."""

import os

from billing_engine.settings import *  # noqa: F403 -- all of them
from billing_engine.settings import MIDDLEWARE as OURS

STATIC_ROOT = os.environ["COLLECTED"]
MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *OURS]
