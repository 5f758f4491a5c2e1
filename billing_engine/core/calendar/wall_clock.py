"""Wall-clock times: what a clock on the wall shows, which is a different instant in every time zone.

A price starts "November 1, 2026": for each customer at midnight of that day in its billing time zone. It is stored as a
datetime without a zone, because it becomes an instant only with a zone.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MIDDLE_YEAR = 5_000  # of those Python knows

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?", re.ASCII)
OFFSET = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2})", re.ASCII | re.IGNORECASE)
OTHER_WAY_ROUND = re.compile(r"[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{1,4}([T ,].*)?", re.ASCII)


class NotAWallClockTime(ValueError):
    """A string that is not, or not clearly, a wall-clock time; the message says why."""


@lru_cache(maxsize=65_536)
def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which a clock in `zone` shows `wall` or a later time.

    A time that occurs twice because clocks are set back means the first one; a time that clocks skip means the instant
    of the skip. So times in order are instants in order, and there is no gap if one rule ends when the next starts.
    """
    try:
        found = wall.replace(tzinfo=zone).astimezone(UTC)
        if local_time(found, zone) == wall:
            return found
        before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
        return _first(before, found, lambda at: local_time(at, zone) >= wall)
    except OverflowError:  # at either end of the calendar
        return EARLIEST if wall.year < MIDDLE_YEAR else LATEST


def local_time(at: datetime, zone: ZoneInfo) -> datetime:
    """What a clock in `zone` shows at this instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def not_before(at: datetime, zone: ZoneInfo) -> datetime:
    """The earliest whole minute on a clock in `zone` that does not stand for an instant before `at`."""
    wall = local_time(at, zone)
    started = instant_of(wall, zone)
    if started < at:  # the clock shows it for the second time, but it stands for the first
        back = _first(started, at, lambda each: each.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset())
        wall = local_time(back - SECOND, zone) + SECOND
    whole = wall.replace(second=0, microsecond=0)
    return whole if whole == wall else whole + MINUTE


def read(text: str) -> datetime:
    """Parse `2026-12-01` or `2026-12-01T09:00`. Raises NotAWallClockTime with a sentence."""
    text = text.strip()
    if WRITTEN.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise NotAWallClockTime(f"There is no {text}: {error}.") from error
    if OFFSET.fullmatch(text):
        raise NotAWallClockTime(
            f"“{text}” has an offset. A rule starts and ends at this time in each customer’s own time zone, so"
            " write it without one, such as 2026-12-01T09:00."
        )
    if OTHER_WAY_ROUND.fullmatch(text):
        raise NotAWallClockTime(
            f"“{text}” is ambiguous, because the month or the day may come first. Put the year first, such as 2026-12-01."
        )
    raise NotAWallClockTime(f"“{text}” is not a day such as 2026-12-01, or a time such as 2026-12-01T09:00.")


def written(wall: datetime) -> str:
    """Formatted for input: a day, with its time unless that is midnight."""
    if wall.time() == time.min:
        return f"{wall:%Y-%m-%d}"
    return wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")


def in_words(wall: datetime) -> str:
    """`November 1, 2026`, or `November 1, 2026, 09:00`."""
    day = f"{wall:%B} {wall.day}, {wall.year}"
    if wall.time() == time.min:
        return day
    return f"{day}, {wall.time().isoformat(timespec='auto' if wall.second or wall.microsecond else 'minutes')}"


def _first(before: datetime, after: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """The whole second at which it first is true, if it is false at `before` and true at `after`."""
    low, high = before.replace(microsecond=0), after.replace(microsecond=0)
    if high < after:
        high += SECOND
    while high - low > SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if holds(middle):
            high = middle
        else:
            low = middle
    return high
