"""The engine as it runs for people: PostgreSQL, Redis, gunicorn, Celery workers and beat, each of them to be killed."""

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
WARM_SECONDS = 3  # Celery takes a child that is lost in its first moments for a worker that can't start, and ends
# Names of `Children`, and what each one's children are.
VICTIMS = {"web": "gunicorn workers", "worker": "Celery children", "outgoing": "Celery children"}
QUEUES = {"worker": "celery,rating,billing", "outgoing": "mails,documents"}
RESTARTS = "restarts of PostgreSQL"


@contextmanager
def servers(folder: Folder) -> Iterator[tuple[Postgres, str, str]]:
    """PostgreSQL that keeps what it has acknowledged, and Redis, on data of their own; both stopped at the end."""
    postgres, redis = Postgres(folder, durable=True), Redis(folder)
    forget(folder)  # what an earlier soak has left to look at
    try:
        yield postgres, postgres.up(), redis.up()
    finally:
        redis.down()
        postgres.down()


def forget(folder: Folder) -> None:
    """Stop what a killed soak left, and throw its data away."""
    for server in (Redis(folder), Postgres(folder, durable=True)):
        server.down()
        shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(folder.path, ignore_errors=True)


@dataclass
class Engine:
    """The processes of it, found again by what `Children` has written down."""

    folder: Folder
    children: Children
    postgres: Postgres
    address: str = ""

    def start(self, environ: dict[str, str]) -> None:
        """Start all of it, and wait until the door answers."""
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
        """kill -9 of one child of this process; whether there was one."""
        found = [child for child in self._children_of(of) if is_alive(child)]
        if not found:
            return False
        try:
            draw.choice(sorted(found, key=lambda child: child.pid)).kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def restart_postgres(self) -> None:
        """Immediately: every connection is torn, nothing is written down, and it recovers from its log."""
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
