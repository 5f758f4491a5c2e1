"""When a delivery that failed is tried again: by the schedule of Standard Webhooks, with jitter, over three days."""

from datetime import datetime, timedelta
from random import SystemRandom

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MOST_ATTEMPTS = len(PAUSES) + 1  # the first is made at once
PARKED_AFTER = 3  # attempts: then later events no longer wait for this one
OFF_AFTER = timedelta(days=3)  # without one successful delivery
SHARE_OF_JITTER = 10  # percent of the pause, added

_random = SystemRandom()


def next_attempt(attempts: int, *, at: datetime, not_before: datetime | None = None) -> datetime | None:
    """When the next attempt is due after so many failed; None if that was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    due = at + jittered(PAUSES[max(attempts, 1) - 1])
    return max(due, not_before) if not_before else due


def slowed(times: int, *, at: datetime, asked: datetime | None) -> datetime:
    """Until when nothing is sent to a receiver that could not be reached so many times in a row, or as it asked."""
    until = at + jittered(PAUSES[min(max(times, 1), 3) - 1])  # half an hour at most, unless it asks for more
    return max(until, asked) if asked else until


def jittered(pause: timedelta) -> timedelta:
    """The pause and up to a tenth more, so that receivers do not get everything at the same moment."""
    return pause + pause * _random.randrange(1_000 * SHARE_OF_JITTER) / 100_000
