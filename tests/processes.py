"""Real processes on the test's own database: for what only shows when two do it at once, or one is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection

CHECKOUT = Path(__file__).resolve().parent.parent
STARTING_LINE = 20_261_001  # an advisory lock that holds the processes back until all are there

PROLOGUE = f"""
import django; django.setup()
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
        running = [
            subprocess.Popen(
                [sys.executable, "-c", PROLOGUE + program],
                cwd=CHECKOUT,
                env=environ() | {"DJANGO_SETTINGS_MODULE": "billing_engine.settings"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for program in programs
        ]
        _until(lambda: _held_back() == len(programs) or any(one.poll() is not None for one in running), seconds)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [STARTING_LINE])
    answers = [one.communicate(timeout=seconds) for one in running]
    for one, (_, errors) in zip(running, answers, strict=True):
        assert one.returncode == 0, errors
    return [output.strip() for output, _ in answers]


RATING, OUTGOING = "celery,rating,billing", "mails,documents"


@contextmanager
def worker(folder: Path, name: str, queues: str = f"{RATING},{OUTGOING}") -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker on the test's database and Redis, with beat where it rates; ended with all that it started."""
    program = [sys.executable, "-m", "celery", "-A", "billing_engine", "worker", "--concurrency", "2"]
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen(
        [
            *program,
            "-Q",
            queues,
            "--hostname",
            f"{name}@%h",
            "--loglevel",
            "INFO",
            *(["--beat"] if RATING in queues else []),
        ],
        cwd=CHECKOUT,
        env=environ() | {"DJANGO_SETTINGS_MODULE": "billing_engine.settings"},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)
        log.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, its children too."""
    with suppress(ProcessLookupError):  # it has ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def empty_broker() -> None:
    """Forget every message of earlier tests."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def until(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until it is true, or fail."""
    assert _until(true, seconds), f"not within {seconds:.0f} seconds"


def _until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def _held_back() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s", [STARTING_LINE]
        )
        return int(cursor.fetchone()[0])
