"""gunicorn with the engine's own configuration and two workers, for the duration of a bench."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.ports import free_port, is_free
from billing_engine.local_servers.processes import Children
from billing_engine.local_servers.redis import Redis
from tests.bench.worker import peak_mb

WORKERS = 2
STARTED_WITHIN = 30
CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    _children: Children

    def peak_mb(self) -> float:
        """The most memory that a worker ever had."""
        return max(peak_mb(worker.pid) for worker in self.workers())

    def memory_mb(self) -> float:
        """The largest worker's memory, both its own and what it shares with its siblings."""
        self._children.check()
        return max(worker.memory_info().rss for worker in self.workers()) / 1024**2

    def workers(self) -> list[psutil.Process]:
        return [worker for main in psutil.Process().children() if _is_gunicorn(main) for worker in main.children()]


@contextmanager
def closing_down(redis: Redis) -> Iterator[None]:
    """It is stopped in any case."""
    try:
        yield
    finally:
        redis.down()


@contextmanager
def server(folder: Folder, *, settings: str = "tests.bench.intake.settings") -> Iterator[Server]:
    """Started on a free port on loopback, and stopped at the end in any case."""
    port = free_port(18_000)
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings,
        "WEB_BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": str(WORKERS),
        "LOG_LEVEL": "WARNING",
        "REQUESTS_PER_MINUTE": "100000000",  # counted like any other limit, but never reached
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "billing_engine.wsgi"]
    redis = Redis(folder)
    environ["REDIS_URL"] = redis.up()
    with Children(folder) as children, closing_down(redis):
        children.start("web", command, cwd=CHECKOUT, environ=environ)
        deadline = time.monotonic() + STARTED_WITHIN
        while is_free(port) and time.monotonic() < deadline:
            children.check()
            time.sleep(0.1)
        yield Server(port, children)


def _is_gunicorn(process: psutil.Process) -> bool:
    return any("gunicorn" in part for part in process.cmdline())
