"""A range of days, by its first and last day or by a name, and the days before it, exactly as many."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from billing_engine.core.calendar.spans import Month
from billing_engine.core.errors import Refused

MOST_DAYS = 366
FIRST_YEAR, LAST_YEAR = 2000, 2200
A_DAY = timedelta(days=1)
RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", re.ASCII)


class BadDays(Refused):
    """The range of days can't be read, or is too long."""

    code = "bad_days"


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days, both the first and the last included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.first.year <= self.last.year <= LAST_YEAR:
            raise BadDays(f"Choose days from {FIRST_YEAR} to {LAST_YEAR}, the first one first.")
        if self.first > self.last:
            raise BadDays("The last day is before the first.")
        if self.count > MOST_DAYS:
            raise BadDays(f"{self.count:,} days are too many for this report. Choose at most {MOST_DAYS}.")

    @classmethod
    def parse(cls, text: str, *, today: date) -> Self:
        """`2026-10-01..2026-10-31`, or a name such as `last_30_days`. Raises BadDays."""
        if named := NAMED.get(text):
            first, last = named(today)
            return cls(first, last)
        found = RANGE.fullmatch(text)
        try:
            first, last = map(date.fromisoformat, found.groups() if found else ("", ""))
        except ValueError:
            raise BadDays(f"“{text[:40]}” is no range of days. Write it like 2026-10-01..2026-10-31.") from None
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def after(self) -> date:
        """The first day that is not in the range."""
        return self.last + A_DAY

    @property
    def before(self) -> "Days":
        """The same number of days that ends the day before."""
        return Days(self.first - timedelta(days=self.count), self.first - A_DAY)

    @property
    def in_utc(self) -> tuple[datetime, datetime]:
        """From midnight UTC up to, but not including, midnight UTC."""
        return utc_midnight(self.first), utc_midnight(self.after)

    @property
    def whole_months(self) -> tuple[date, date]:
        """The part that is whole months: its first day, and the day after it; an empty part begins on the first day."""
        first = self.first if self.first.day == 1 else Month.of_day(self.first).next().first
        after = self.after.replace(day=1)
        return (first, after) if first < after else (self.first, self.first)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def utc_midnight(day: date) -> datetime:
    """When the day begins in UTC."""
    return datetime.combine(day, time.min, UTC)


def _months(first: date, count: int) -> tuple[date, date]:
    """So many calendar months from the one that begins on `first`."""
    months = first.year * 12 + first.month - 1 + count - 1
    year, month = divmod(months, 12)
    return first, date(year, month + 1, monthrange(year, month + 1)[1])


def _month(today: date, *, back: int, count: int, to: int = 1) -> tuple[date, date]:
    """`count` months that end `back` months before the one of today; they begin at a multiple of `to`."""
    months = today.year * 12 + (today.month - 1) // to * to - back
    year, month = divmod(months, 12)
    return _months(date(year, month + 1, 1), count)


def _lately(days: int) -> Callable[[date], tuple[date, date]]:
    """So many days, the last of which is yesterday: today is not over."""
    return lambda today: (today - timedelta(days=days), today - A_DAY)


NAMED: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today),
    "yesterday": _lately(1),
    "last_7_days": _lately(7),
    "last_30_days": _lately(30),
    "this_month": lambda today: _month(today, back=0, count=1),
    "last_month": lambda today: _month(today, back=1, count=1),
    "this_quarter": lambda today: _month(today, back=0, count=3, to=3),
    "last_quarter": lambda today: _month(today, back=3, count=3, to=3),
    "this_year": lambda today: _month(today, back=0, count=12, to=12),
    "last_year": lambda today: _month(today, back=12, count=12, to=12),
}
