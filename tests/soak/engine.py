"""The engine as in production: PostgreSQL, Redis, gunicorn, Celery workers and beat, each of which can be killed."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from billing_engine.local_servers.account import is_alive, wait_for_end
from billing_engine.local_servers.errors import said
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.ports import free_port
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.processes import Children
from billing_engine.local_servers.redis import Redis

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PREFERRED_PORT = 18_300
START_SECONDS = 120
WARM_SECONDS = (
    3  # Celery stops if a child is lost in its first moments, because it concludes that the worker can't start
)
# The names of `Children`, and what their child processes are.
VICTIMS = {"web": "gunicorn workers", "worker": "Celery children", "outgoing": "Celery children"}
QUEUES = {"worker": "celery,rating,billing", "outgoing": "mails,documents,webhooks"}
RESTARTS = "restarts of PostgreSQL"


@contextmanager
def servers(folder: Folder) -> Iterator[tuple[Postgres, str, str]]:
    """Durable PostgreSQL, and Redis, with their own data; both are stopped at the end."""
    postgres, redis = Postgres(folder, durable=True), Redis(folder)
    forget(folder)  # left by an earlier soak for inspection
    try:
        yield postgres, postgres.up(), redis.up()
    finally:
        redis.down()
        postgres.down()


def forget(folder: Folder) -> None:
    """Stop what a killed soak left running, and delete its data."""
    for server in (Redis(folder), Postgres(folder, durable=True)):
        server.down()
        shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(folder.path, ignore_errors=True)


@dataclass
class Engine:
    """Find its processes by what `Children` has recorded."""

    folder: Folder
    children: Children
    postgres: Postgres
    address: str = ""

    def start(self, environ: dict[str, str]) -> None:
        """Start everything, and wait until the API responds."""
        port = free_port(PREFERRED_PORT)
        self.address = f"http://127.0.0.1:{port}/"
        celery = [sys.executable, "-m", "celery", "-A", "billing_engine"]
        programs: dict[str, list[str]] = {
            "web": [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "billing_engine.wsgi"]
        }
        for name, queues in QUEUES.items():
            options = ["-Q", queues, "--concurrency", "2", "--hostname", f"{name}@%h", "--loglevel", "INFO"]
            programs[name] = [*celery, "worker", *options]
        schedule = self.folder.path / "beat"
        programs["beat"] = [*celery, "beat", "--loglevel", "INFO", "--pidfile=", f"--schedule={schedule}"]
        own = {**os.environ, **environ, "WEB_BIND": f"127.0.0.1:{port}"}
        logs = {
            name: self.children.start(name, program, cwd=CHECKOUT, environ=own) for name, program in programs.items()
        }
        self._wait(lambda: all(said(logs[name], "ready.") for name in QUEUES), "The Celery workers")
        self._wait(self._answers, self.address)
        time.sleep(WARM_SECONDS)

    def kill_one(self, of: str, draw: Random) -> bool:
        """Run kill -9 on one child of this process; return whether there was one."""
        found = [child for child in self._children_of(of) if is_alive(child)]
        if not found:
            return False
        try:
            draw.choice(sorted(found, key=lambda child: child.pid)).kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def restart_postgres(self) -> None:
        """Stop PostgreSQL immediately: all connections break, nothing is flushed, and it recovers from its log."""
        postmaster = self.postgres._postmaster()
        if postmaster is None:
            return
        postmaster.send_signal(signal.SIGQUIT)
        wait_for_end([postmaster], seconds=30)
        self.postgres.up()

    def _children_of(self, name: str) -> list[psutil.Process]:
        known = self.folder.read("processes").get("children", [])
        try:
            return [
                each for child in known if child["name"] == name for each in psutil.Process(child["pid"]).children()
            ]
        except psutil.NoSuchProcess:
            return []

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.address}livez", timeout=5):
                return True
        except (URLError, ConnectionError, TimeoutError):
            return False

    def _wait(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not true():
            self.children.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not answer within {START_SECONDS} seconds.")
            time.sleep(0.2)
