"""What a rule found: a cause that people should know of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from receivables.models import EventKind


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause at this moment; one that does not open only keeps an alert open that is there, so that none flickers."""

    cause: str
    title: str
    words: str
    customer: int | None = None
    source: int | None = None
    opens: bool = True
    event: EventKind | None = None  # what other systems are told when it opens, with IDs and sums
    facts: Mapping[str, object] = field(default_factory=dict)


def time_in_words(at: datetime) -> str:
    """`October 30, 2026, 18:02 UTC`."""
    return f"{at:%B} {at.day}, {at:%Y, %H:%M} UTC"


def hours_in_words(length: timedelta) -> str:
    """`7 h`, `2 days 3 h`."""
    hours = int(length.total_seconds()) // 3_600
    days, rest = divmod(hours, 24)
    said = [f"{days} day{'s' * (days != 1)}"] if days else []
    return " ".join([*said, f"{rest} h"] if rest or not days else said)
