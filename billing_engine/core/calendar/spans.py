"""Half-open spans of time `[start, end)`, and the billing cycles of a customer in its own time zone."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import takewhile
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

WEEK = timedelta(weeks=1)
FORTNIGHT = timedelta(weeks=2)
ANCHOR = date(2024, 1, 1)  # a Monday: all two-week cycles are counted from here
LAST_YEAR = 9998
INSTANT = timedelta(microseconds=1)
LABEL = re.compile(r"([0-9]{4})-(?:([0-9]{2})|W([0-9]{2})(x2)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to but not including `end`; both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A span needs times with a zone.")
        if self.start >= self.end:
            raise ValueError(f"A span must end after it starts: {self.start} … {self.end}")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


class Cycle(ABC):
    """Whole days that are billed together, under a label; their instants depend on the zone."""

    __slots__ = ()
    kind: ClassVar[str]

    @staticmethod
    def parse(text: str) -> "Cycle":
        """`2026-10`, `2026-W43` or `2026-W43x2`; ValueError for anything else, or for a year without neighbors."""
        found = LABEL.fullmatch(text)
        if found is None or not 1 < int(found[1]) < LAST_YEAR:
            raise ValueError(f"No such cycle: {text}")
        year, month, week, two = found.groups()
        if month:
            return Month(int(year), int(month))
        return (Fortnight if two else Week)(int(year), int(week))

    @classmethod
    def containing(cls, instant: datetime, zone: ZoneInfo) -> Self:
        """The cycle that contains this instant."""
        found = cls.of_day(instant.astimezone(zone).date())
        span = found.span(zone)
        # If clocks go back over midnight, a day's date occurs again after the next day has started.
        return found if instant in span else found.next() if instant >= span.end else found.previous()

    @classmethod
    @abstractmethod
    def of_day(cls, day: date) -> Self:
        """The cycle that contains this day."""

    @property
    @abstractmethod
    def first(self) -> date:
        """The first day."""

    def next(self) -> Self:
        """The next cycle."""
        return self.of_day(self.first + self._longest())

    def previous(self) -> Self:
        """The previous cycle."""
        return self.of_day(self.first - timedelta(days=1))

    @property
    def last(self) -> date:
        """The last day."""
        return self.next().first - timedelta(days=1)

    @property
    def closing_month(self) -> "Month":
        """The month that finance closes it with: the one it ends in, so that both are over at the same time."""
        return Month.of_day(self.last)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels to search for: its own; a month also stands for all cycles that end in it."""
        return (str(self),)

    def span(self, zone: ZoneInfo) -> Span:
        """Its instants in `zone`, in UTC; days have 23 or 25 hours when clocks change."""
        return Span(midnight(self.first, zone), midnight(self.next().first, zone))

    def _longest(self) -> timedelta:
        """After its last day, and never after the next one."""
        return FORTNIGHT


@dataclass(frozen=True, slots=True, order=True)
class Month(Cycle):
    """A calendar month, written `2026-10`."""

    kind: ClassVar[str] = "monthly"

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= LAST_YEAR and 1 <= self.month <= 12):
            raise ValueError(f"No such month: {self.year}-{self.month}")

    @classmethod
    def of_day(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its own label, and those of the weekly cycles that end in it."""
        end = self.next().first
        return (
            str(self),
            *(
                str(cycle)
                for kind in (Week, Fortnight)
                for cycle in takewhile(lambda one: one.last < end, _from(kind.of_day(self.first)))
            ),
        )

    def _longest(self) -> timedelta:
        return timedelta(days=31)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Week(Cycle):
    """From Monday to Sunday, written `2026-W43`: week 43 by ISO 8601."""

    kind: ClassVar[str] = "weekly"

    year: int
    week: int

    def __post_init__(self) -> None:
        if not 1 <= self.year <= LAST_YEAR:
            raise ValueError(f"No such week: {self.year}-W{self.week}")
        date.fromisocalendar(self.year, self.week, 1)  # ValueError if the year has no such week

    @classmethod
    def of_day(cls, day: date) -> Self:
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @property
    def first(self) -> date:
        return date.fromisocalendar(self.year, self.week, 1)

    def _longest(self) -> timedelta:
        return WEEK

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Fortnight(Week):
    """Two weeks, written `2026-W43x2` after the first week; counted in pairs from January 1, 2024."""

    kind: ClassVar[str] = "fortnightly"

    def __post_init__(self) -> None:
        super(Fortnight, self).__post_init__()
        if (self.first - ANCHOR) % FORTNIGHT:
            raise ValueError(f"No two weeks begin with {self.year}-W{self.week:02d}")

    @classmethod
    def of_day(cls, day: date) -> Self:
        year, week, _ = (day - (day - ANCHOR) % FORTNIGHT).isocalendar()
        return cls(year, week)

    def _longest(self) -> timedelta:
        return FORTNIGHT

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}x2"


CYCLES: Mapping[str, type[Cycle]] = {cycle.kind: cycle for cycle in (Month, Week, Fortnight)}


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a customer's time is divided: from its first day on, into cycles of one kind, and of other kinds before a change."""

    zone: ZoneInfo
    kind: type[Cycle]
    before: tuple[tuple[datetime, type[Cycle]], ...] = ()  # end of the last such cycle, and its kind; in order
    begin: datetime | None = None  # the midnight from which the customer is billed

    def containing(self, instant: datetime) -> tuple[Cycle, Span]:
        """The cycle that contains this instant, and its span, cut at the customer's first day and at changes of the cycle.

        Time before the first day also has cycles, so that it has a label, but it is in no billing period.
        """
        start, kind, end = None, self.kind, None
        for until, earlier in self.before:
            if instant < until:
                kind, end = earlier, until
                break
            start = until
        if self.begin and not self.begins_by(instant):
            end = min(self.begin, end or self.begin)
        elif self.begin:
            start = max(self.begin, start or self.begin)
        cycle = kind.containing(instant, self.zone)
        span = cycle.span(self.zone)
        return cycle, Span(max(span.start, start or span.start), min(span.end, end or span.end))

    def begins_by(self, instant: datetime) -> bool:
        """Whether the customer is billed at this instant."""
        return self.begin is None or self.begin <= instant

    def span_of(self, cycle: Cycle) -> Span | None:
        """The billed part of this cycle; None if the customer is billed by other cycles, or not yet."""
        last = cycle.span(self.zone).end - INSTANT
        if not self.begins_by(last):
            return None
        found, span = self.containing(last)
        return span if found == cycle else None


def labels_of(label: str) -> tuple[str, ...]:
    """The labels to search for: a month's with its weeks; text that is not a cycle stays as it is."""
    try:
        return Cycle.parse(label).labels
    except ValueError:
        return (label,)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day starts in `zone`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def months_of(first: date, after: date) -> Fraction:
    """The number of months from `first` up to but not including `after`, each day a fraction of its own month."""
    months = Fraction(0)
    while first < after:
        month = Month.of_day(first)
        end = month.next().first
        months += Fraction((min(end, after) - first).days, (end - month.first).days)
        first = end
    return months


def _from(cycle: Cycle) -> Iterator[Cycle]:
    while True:
        yield cycle
        cycle = cycle.next()
