"""Real processes on the test's own database: for what only shows when two do it at once, or one is killed."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection

from tests.forks import Fork

STARTING_LINE = 20_261_001  # an advisory lock that holds the processes back until all are there

PROLOGUE = f"""
from django.db import connection
from django.utils.timezone import now
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock_shared({STARTING_LINE})")
"""


def environ() -> dict[str, str]:
    """This process's environment, pointing at the test's database."""
    database = connection.settings_dict
    host = f"{database['USER']}:{quote(database['PASSWORD'])}@{database['HOST']}:{database['PORT']}"
    return {**os.environ, "DATABASE_URL": f"postgres://{host}/{database['NAME']}"}


def at_once(*programs: str, seconds: float = 60) -> list[str]:
    """Run Python programs in processes of their own, let go at the same instant; return what each printed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [STARTING_LINE])
        running = [fork(PROLOGUE + program) for program in programs]
        try:
            until(
                lambda: _held_back() == len(programs) or any(one.poll() is not None for one in running), seconds=seconds
            )
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [STARTING_LINE])
    for one in running:
        code = one.wait(seconds)
        if code is None:
            one.kill()
        assert code == 0, one.written()
    return [one.written()[0].strip() for one in running]


def fork(program: str, *, log: Path | None = None) -> Fork:
    """Run a Python program that has the engine loaded, and this test's database, in a process of its own."""
    return Fork(program, environ() | {"DJANGO_SETTINGS_MODULE": "billing_engine.settings"}, log=log)


RATING, OUTGOING = "celery,rating,billing", "mails,documents,webhooks"


@contextmanager
def worker(folder: Path, name: str, queues: str = f"{RATING},{OUTGOING}") -> Iterator[Fork]:
    """A real Celery worker on the test's database and Redis, with beat where it rates; ended with all that it started."""
    beat = ["--beat"] if RATING in queues else []
    words = ["worker", "--concurrency", "2", "-Q", queues, "--hostname", f"{name}@%h", "--loglevel", "INFO", *beat]
    process = fork(f"from billing_engine.celery import app; app.worker_main({words})", log=folder / f"{name}.log")
    try:
        yield process
    finally:
        process.kill()


def empty_broker() -> None:
    """Forget every message of earlier tests."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def until(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until it is true, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds"
        time.sleep(0.02)


def _held_back() -> int:
    """How many wait at the starting line of this database; the server shows those of the others' databases, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database of ON of.oid = database AND of.datname = current_database()"
            " WHERE locktype = 'advisory' AND NOT granted AND objid = %s",
            [STARTING_LINE],
        )
        return int(cursor.fetchone()[0])
