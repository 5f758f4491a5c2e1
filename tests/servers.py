"""A pytest plugin: where no DATABASE_URL or REDIS_URL is named, the tests bring their own servers (without fsync)."""

import os
from pathlib import Path

from billing_engine import local_servers

os.environ.setdefault("SECRET_KEY", "only-for-tests")
local_servers.provide(os.environ, Path(__file__).resolve().parent.parent, test=True)
# Each pytest-xdist worker has its own database, and its own Redis database too (0 stays free for runs without xdist).
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")
os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{int(_worker) + 1}"
