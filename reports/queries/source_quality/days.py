"""A range of days that is read in full: bounded, as instants in UTC, in whole months, and the days before it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Self

from billing_engine.core.calendar.spans import Month
from reports.domain.question import days as question
from reports.domain.question.faults import BadQuestion

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days, both the first and the last included."""

    first: date
    last: date

    @classmethod
    def read(cls, text: str, *, today: date) -> Self:
        """`2026-10-01..2026-10-31` or a name such as `last_30_days`, as the explorer reads it; raises BadQuestion."""
        found = cls(*question.Days.read(text).on(today))
        if found.count > MOST_DAYS:
            raise BadQuestion("days", f"This report covers at most {MOST_DAYS} days. You chose {found.count:,}.")
        return found

    def __str__(self) -> str:
        return f"{self.first}{question.BETWEEN}{self.last}"

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def after(self) -> date:
        """The first day that is not in the range."""
        return self.last + question.DAY

    @property
    def before(self) -> "Days":
        """The same number of days that ends the day before."""
        return Days(*question.before((self.first, self.last)))

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
