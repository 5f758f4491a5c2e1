"""Places outside leads that may hold a person's data: the parts above register theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from leads.domain.people.person import Person
from leads.models import Erasure, Redaction


class Hold(NamedTuple):
    """Why an erasure must wait, and until which day."""

    because: str
    until: date


@dataclass(frozen=True, slots=True)
class Held:
    """One row that holds data of the person: what it is, where it is shown, and what an export tells of it."""

    name: str
    address: str
    content: dict[str, Any]


class Place(Protocol):
    """A part that may hold a person's data."""

    name: str  # in the plural, such as "disputes"

    def held(self, person: Person, leads: Sequence[int]) -> Iterator[Held]:
        """Yield the rows that hold data of the person; `leads` are the person's leads."""

    def erase(self, erasure: Erasure, person: Person, leads: Sequence[int]) -> int:
        """Redact the person; return in how many rows."""

    def hold(self, leads: Sequence[int]) -> Hold | None:
        """Return why the data must stay for now, if it must."""


_places = list[Place]()


def register_place(place: Place) -> None:
    """Have a place searched, exported and erased."""
    _places.append(place)


def places() -> tuple[Place, ...]:
    """Return every registered place."""
    return tuple(_places)


def hold_of(leads: Sequence[int]) -> Hold | None:
    """Return the hold that lasts longest; None if nothing must stay."""
    holds = [hold for place in _places if (hold := place.hold(leads))]
    return max(holds, key=lambda hold: hold.until) if holds else None


def note_redaction(erasure: Erasure, of: str, rows: Sequence[tuple[int, str]]) -> None:
    """Note which rows are about to be redacted, each with the digest of what it held: the database then lets them be."""
    Redaction.objects.bulk_create(
        (Redaction(erasure=erasure, of=of, row=row, sha256=digest) for row, digest in rows), ignore_conflicts=True
    )
