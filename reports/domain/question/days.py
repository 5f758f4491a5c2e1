"""The days that a question is about: from the first to the last, or named relative to today; always whole local days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from billing_engine.core.calendar.edges import FIRST_DAY
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words, named_in_words
from reports.domain.question.faults import BadQuestion

BETWEEN = ".."
LATEST = date(2199, 12, 31)
MOST_YEARS = 10
MOST_DAYS = MOST_YEARS * 366
DAY = timedelta(days=1)
QUARTER_MONTHS = 3

Reach = tuple[date, date]  # first and last day


def _month(day: date) -> Reach:
    month = Month.of_day(day)
    return month.first, month.last


def quarter_of(day: date) -> Reach:
    """The first and last day of the calendar quarter."""
    first = Month(day.year, (day.month - 1) // QUARTER_MONTHS * QUARTER_MONTHS + 1)
    return first.first, first.next().next().last


def _year(day: date) -> Reach:
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _before(period: Callable[[date], Reach]) -> Callable[[date], Reach]:
    return lambda today: period(period(today)[0] - DAY)


NAMED: Mapping[str, tuple[str, Callable[[date], Reach]]] = {
    "today": ("Today", lambda today: (today, today)),
    "yesterday": ("Yesterday", lambda today: (today - DAY, today - DAY)),
    "last_7_days": ("Last 7 days", lambda today: (today - 7 * DAY, today - DAY)),
    "last_30_days": ("Last 30 days", lambda today: (today - 30 * DAY, today - DAY)),
    "this_month": ("This month", _month),
    "last_month": ("Last month", _before(_month)),
    "this_quarter": ("This quarter", quarter_of),
    "last_quarter": ("Last quarter", _before(quarter_of)),
    "this_year": ("This year", _year),
    "last_year": ("Last year", _before(_year)),
    "all": ("All days", lambda _: (FIRST_DAY, LATEST)),
}


@dataclass(frozen=True, slots=True)
class Days:
    """Fixed days, or a name that means other days tomorrow."""

    named: str = ""
    first: date = FIRST_DAY
    last: date = LATEST

    @classmethod
    def read(cls, text: str) -> Self:
        """`last_quarter`, `2026-07-01..2026-09-30` or `2026-07-01`; raises BadQuestion."""
        if text in NAMED:
            return cls(text)
        first, _, last = text.partition(BETWEEN)
        try:
            found = cls("", date.fromisoformat(first), date.fromisoformat(last or first))
        except ValueError:
            raise BadQuestion("days", "Write days as 2026-07-01..2026-09-30, or choose a named range.") from None
        if found.last < found.first:
            raise BadQuestion("days", "The last day must not be before the first.")
        if found.first < FIRST_DAY or found.last > LATEST:
            raise BadQuestion("days", f"Choose days from {FIRST_DAY.year} to {LATEST.year}.")
        if (found.last - found.first).days >= MOST_DAYS:
            raise BadQuestion("days", f"Choose at most {MOST_YEARS} years.")
        return found

    def __str__(self) -> str:
        if self.named or self.first == self.last:
            return self.named or self.first.isoformat()
        return f"{self.first}{BETWEEN}{self.last}"

    def on(self, today: date) -> Reach:
        """The first and the last day, if this is today."""
        return NAMED[self.named][1](today) if self.named else (self.first, self.last)

    def in_words(self, reach: Reach) -> str:
        """`July 1, 2026 – September 30, 2026`, a named range with its days."""
        words = named_in_words(*reach)
        if self.named == "all":
            return NAMED[self.named][0]
        return f"{NAMED[self.named][0]}, {words}" if self.named else words


def one_day(part: str, text: str, *, latest: date) -> date:
    """A day from the year 2000 to the latest one; raises BadQuestion."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not FIRST_DAY <= found <= latest:
        raise BadQuestion(part, f"Choose a day from {day_in_words(FIRST_DAY)} to {day_in_words(latest)}.")
    return found


def before(reach: Reach) -> Reach:
    """As many days directly before, so that both can be compared."""
    length = reach[1] - reach[0] + DAY
    return reach[0] - length, reach[0] - DAY
