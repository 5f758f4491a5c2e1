"""How many requests of a process are at work at once: one less than it has threads, so that `/livez` is always answered.

Who finds no place waits for one, as in any queue; but not while the database is suspected of silence, because then no
place comes free and the one who waits would be in the way of `/livez`.
"""

import threading
import time

from billing_engine.operations.database_stalls import watchdog

LOOK_SECONDS = 0.1
LONGEST_SECONDS = 30


class _Places:
    """Of this process; without end until its threads have been counted."""

    free: threading.Semaphore | None = None


def allow(places: int) -> None:
    """So many requests may be at work at once, in each process that is forked from here."""
    _Places.free = threading.Semaphore(places)


def take() -> bool:
    """Whether there is a place, if need be after some waiting; who has one gives it back."""
    free = _Places.free
    if free is None or free.acquire(blocking=False):
        return True
    deadline = time.monotonic() + LONGEST_SECONDS
    while not watchdog.is_suspected() and time.monotonic() < deadline:
        if free.acquire(timeout=LOOK_SECONDS):
            return True
    return False


def give_back() -> None:
    """The place is free again."""
    if _Places.free is not None:
        _Places.free.release()
