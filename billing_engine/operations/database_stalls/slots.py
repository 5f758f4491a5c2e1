"""How many requests a process handles at once: one less than it has threads, so that `/livez` is always answered.

Without a free slot, a request waits for one; but not while the database is suspected to be stalled, because then no
slot becomes free and the waiting request would block `/livez`.
"""

import threading
import time

from billing_engine.operations.database_stalls import watchdog

POLL_SECONDS = 0.1
LONGEST_SECONDS = 30


class _Places:
    """The slots of this process; unlimited until its threads have been counted."""

    free: threading.Semaphore | None = None


def allow(places: int) -> None:
    """Set how many requests may be handled at once, in each process forked from here."""
    _Places.free = threading.Semaphore(places)


def take() -> bool:
    """Take a slot, waiting for it if needed; the caller must free it."""
    free = _Places.free
    if free is None or free.acquire(blocking=False):
        return True
    deadline = time.monotonic() + LONGEST_SECONDS
    while not watchdog.is_suspected() and time.monotonic() < deadline:
        if free.acquire(timeout=POLL_SECONDS):
            return True
    return False


def give_back() -> None:
    """Free the slot."""
    if _Places.free is not None:
        _Places.free.release()
