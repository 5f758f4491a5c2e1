"""The quality of all sources or channels in a range of days, beside the same number of days before, ranked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leads.models import Source
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import SOURCE, Piece, name_of, pieces_of
from reports.queries.source_quality.latency import Latency, first_charges, latencies
from reports.queries.source_quality.received import (
    Received,
    Refusal,
    last_deliveries,
    received_by_group,
    refusals,
)
from reports.queries.source_quality.worth import Worth, worth_by_group


@dataclass(slots=True)
class Quality:
    """One source or channel: its figures in the range, and in the days before."""

    key: str
    name: str
    source: Source | None
    received: Received = field(default_factory=Received)
    before: Received = field(default_factory=Received)
    refusals: list[Refusal] = field(default_factory=list)
    worth: dict[str, Worth] = field(default_factory=dict)  # by currency
    worth_before: dict[str, Worth] = field(default_factory=dict)
    latency: Latency | None = None
    first_charge: Latency | None = None
    last_delivery: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the person may see: figures of deliveries, refused items, figures of charges, and of their disputes and credits."""

    received: bool = True
    refusals: bool = True
    worth: bool = True
    disputes: bool = True


ALL = Figures()


def quality_of(
    days: Days, *, by: str = SOURCE, sees: Figures = ALL, sources: Sequence[Source] | None = None
) -> list[Quality]:
    """Return every source or channel, or these sources, by name; a source that did nothing in the range has zeros."""
    sources = list(Source.objects.all()) if sources is None else sources
    by_code = {source.code: source for source in sources}
    pieces, earlier = (pieces_of(each, by=by, sources=sources) for each in (days, days.before))
    keys = dict.fromkeys(piece.key for piece in (*pieces, *earlier))
    found = {key: Quality(key, name_of(key, by=by, sources=by_code), by_code.get(key)) for key in keys}
    if sees.received:
        _add_received(found, days, pieces, earlier)
    if sees.refusals:
        for key, refusal in refusals(pieces, days):
            found[key].refusals.append(refusal)
    if sees.worth:
        _add_worth(found, days, pieces, earlier, disputes=sees.disputes)
    return sorted(found.values(), key=lambda each: (each.name.casefold(), each.key))


def _add_received(found: dict[str, Quality], days: Days, pieces: list[Piece], earlier: list[Piece]) -> None:
    for key, received in received_by_group(pieces, days).items():
        found[key].received = received
    for key, received in received_by_group(earlier, days.before).items():
        found[key].before = received
    for key, latency in latencies(pieces, days).items():
        found[key].latency = latency
    for key, last in last_deliveries(pieces, days).items():
        found[key].last_delivery = last


def _add_worth(
    found: dict[str, Quality], days: Days, pieces: list[Piece], earlier: list[Piece], *, disputes: bool
) -> None:
    for key, worths in worth_by_group(pieces, days, disputes=disputes).items():
        found[key].worth = worths
    for key, worths in worth_by_group(earlier, days.before, disputes=disputes).items():
        found[key].worth_before = worths
    for key, latency in first_charges(pieces, days).items():
        found[key].first_charge = latency


def ranks(worths: Sequence[tuple[str, Worth | None]]) -> dict[str, int]:
    """Rank groups by revenue per lead in one currency, most first; equals share a rank, and without leads there is none."""
    each = {key: worth.per_lead for key, worth in worths if worth is not None and worth.leads}
    valued = {key: value for key, value in each.items() if value is not None}
    return {key: 1 + sum(other > value for other in valued.values()) for key, value in valued.items()}
