"""A worker that rates whatever comes in, while deliveries arrive."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.timezone import now

from pricing.domain.rate.sweep import RATINGS

PROGRAM = "import django; django.setup(); from tests.bench.intake.rating_beside import main; main()"
PAUSE_SECONDS = 1


@contextmanager
def rating_beside() -> Iterator[None]:
    """Inside, a process rates; it is ended in any case."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM])
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("The rating worker ended; what it said stands above.")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Sweep and rate, as the schedule and its worker do, until the process is ended."""
    while True:
        for message in RATINGS.due(at=now()):
            RATINGS.work(**message, at=now())
        time.sleep(PAUSE_SECONDS)
