"""How old the data of a report is, in one sentence beside it."""

from datetime import UTC, timedelta

from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.read_replica import Freshness

UNREACHABLE = "The read replica can't be reached, so this page reads the main database."
UNKNOWN = "Read from the read replica, which doesn't say how current its data is."
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
# Below this, the largest unit would hide half of the lag.
AT_LEAST = 2


def freshness_in_words(found: Freshness | None) -> str:
    """`Data as of 2026-10-31 14:02:07 UTC, 40 seconds behind.`; "" if the report reads the main database as usual."""
    if found is None:
        return ""
    if not found.is_reachable:
        return UNREACHABLE
    if found.as_of is None or found.behind is None:
        return UNKNOWN
    at = instant_in_words(found.as_of.replace(microsecond=0), UTC, seconds=True)
    return f"Data as of {at}, {_behind_in_words(found.behind)}."


def _behind_in_words(behind: timedelta) -> str:
    seconds = int(behind.total_seconds())
    if seconds < 1:
        return "up to date"
    name, count = next(
        ((name, seconds // size) for name, size in UNITS if seconds >= AT_LEAST * size), ("second", seconds)
    )
    return f"{count:,} {name}{'s' * (count != 1)} behind"
