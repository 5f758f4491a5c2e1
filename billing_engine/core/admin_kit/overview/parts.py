"""The overview of a row: key figures, cards with a few rows each, and the ways to all of them.

Each app adds its own when its admin is imported, so that imports only go down; a person without a part's permissions
does not see that it exists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from billing_engine.core.admin_kit.overview.listing import Listing
from billing_engine.core.charts.drawing import Svg


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: its title, its value, what it counts, and the page where it opens."""

    title: str
    value: str
    note: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: a name that opens its page, and what is quieter below it."""

    name: str
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A few rows with a title, and where all of them are. One of a table, a chart, facts, or lines is its content."""

    title: str
    note: str = ""
    address: str = ""  # of all rows
    more: str = ""  # what the link to them says; "All" without
    way: str = ""  # its name in the row of ways; the title without
    count: int | None = None  # of all rows
    table: Listing | None = None
    chart: Svg | None = None
    facts: Sequence[tuple[str, str]] = ()
    lines: Sequence[Line] = ()
    hints: Sequence[str] = ()  # what is about to change
    empty: str = ""  # what is said without content

    @property
    def has_content(self) -> bool:
        """Whether it stands on the page; otherwise it is only a way."""
        return bool(self.table or self.chart or self.facts or self.lines or self.hints or self.empty)


@dataclass(slots=True)
class Overview:
    """What one person sees of a row."""

    figures: list[Figure] = field(default_factory=list)
    wide: list[Card] = field(default_factory=list)
    narrow: list[Card] = field(default_factory=list)
    ways: list[Card] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    place: int
    needs: tuple[str, ...]
    is_wide: bool
    make: Callable[[Any], Any]


_figures: dict[str, list[_Part]] = {}
_cards: dict[str, list[_Part]] = {}
Makes = Callable[[Any], Any]


def figures_on(model: str, *, place: int, needs: Sequence[str]) -> Callable[[Makes], Makes]:
    """Register key figures of every row of a model, such as `leads.customer`: a function of the row."""
    return _registered(_figures, model, place, needs)


def card_on(model: str, *, place: int, needs: Sequence[str], wide: bool = False) -> Callable[[Makes], Makes]:
    """Register a card on every row of a model: a function of the row that returns it, or None."""
    return _registered(_cards, model, place, needs, is_wide=wide)


def overview_of(row: Model, user: Any) -> Overview:
    """Return what this user may see of a row."""
    seen = Overview()
    for part in _seen(_figures, row, user):
        seen.figures += part.make(row)
    for part in _seen(_cards, row, user):
        card: Card | None = part.make(row)
        if card is None:
            continue
        if card.has_content:
            (seen.wide if part.is_wide else seen.narrow).append(card)
        if card.address:
            seen.ways.append(card)
    return seen


def _registered(
    parts: dict[str, list[_Part]], model: str, place: int, needs: Sequence[str], *, is_wide: bool = False
) -> Callable[[Makes], Makes]:
    def keep(make: Makes) -> Makes:
        parts.setdefault(model, []).append(_Part(place, tuple(needs), is_wide, make))
        return make

    return keep


def _seen(parts: dict[str, list[_Part]], row: Model, user: Any) -> list[_Part]:
    every = sorted(parts.get(row._meta.label_lower, ()), key=lambda part: part.place)
    return [part for part in every if user.has_perms(part.needs)]
