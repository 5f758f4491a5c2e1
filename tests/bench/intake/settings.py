"""The engine's own settings, with two more addresses to compare with."""

from billing_engine.settings import *  # noqa: F403 -- all of them

ROOT_URLCONF = "tests.bench.intake.urls"
