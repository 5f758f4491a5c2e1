"""Half-open stretches of time `[start, end)`; months are cut in the customer's own time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, up to but without `end`; both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A span needs times with a zone.")
        if self.start >= self.end:
            raise ValueError(f"A span must end after it starts: {self.start} … {self.end}")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, written `2026-10`; which instants it holds depends on the zone."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9998 and 1 <= self.month <= 12):
            raise ValueError(f"No such month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> "Month":
        """`2026-10`, or ValueError."""
        year, _, month = text.partition("-")
        return cls(int(year), int(month))

    @classmethod
    def containing(cls, instant: datetime, zone: ZoneInfo) -> "Month":
        local = instant.astimezone(zone)
        return cls(local.year, local.month)

    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def span(self, zone: ZoneInfo) -> Span:
        """The instants of this month in `zone`, in UTC; 23 or 25 hours a day where clocks change."""
        after = self.next()
        return Span(
            datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC),
            datetime(after.year, after.month, 1, tzinfo=zone).astimezone(UTC),
        )

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
