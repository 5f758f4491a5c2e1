"""What the figures are grouped by: a source, or the channel that a source has on the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from leads.models import Channel, Source, SourceRevision
from reports.queries.source_quality.days import Days

SOURCE, CHANNEL = "source", "channel"
GROUPS = {SOURCE: "Source", CHANNEL: "Channel"}

# Each statement joins the pieces: the days on which what a source sent belongs to a group.
PIECES = """
    piece AS (
        SELECT * FROM unnest(%(sources)s::bigint[], %(keys)s::text[], %(firsts)s::date[], %(afters)s::date[])
                   AS piece (source_id, key, first, after)
    )
"""
# A delivery belongs to the piece of the day on which it was received.
OF_PIECE = """
       ON piece.source_id = delivery.source_id
          AND delivery.received_at >= piece.first::timestamp AT TIME ZONE 'UTC'
          AND delivery.received_at < piece.after::timestamp AT TIME ZONE 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """The days on which a source belongs to a group."""

    source: int
    key: str
    first: date
    after: date


def pieces_of(days: Days, *, by: str, sources: Iterable[Source]) -> list[Piece]:
    """Return the pieces of these sources: one each, or by channel one for each channel that a source had in the range."""
    wanted = {source.pk: source for source in sources}
    if by == SOURCE:
        return [Piece(pk, source.code, days.first, days.after) for pk, source in wanted.items()]
    found = dict[int, list[tuple[date, str]]]()
    revisions = SourceRevision.objects.in_force().filter(source__in=wanted, first_day__lte=days.last).by_day()
    for source, first_day, channel in revisions.values_list("source", "first_day", "channel"):
        found.setdefault(source, []).append((first_day, channel))
    return [piece for source, steps in found.items() for piece in _cut(source, steps, days)]


def _cut(source: int, steps: list[tuple[date, str]], days: Days) -> list[Piece]:
    ends = [*(first for first, _ in steps), days.after]
    spans = [(max(first, days.first), min(after, days.after)) for first, after in pairwise(ends)]
    return [
        Piece(source, channel, first, after)
        for (first, after), (_, channel) in zip(spans, steps, strict=True)
        if first < after
    ]


def asked_of(pieces: list[Piece], days: Days) -> dict[str, Any]:
    """Return the parameters of a statement about these pieces."""
    start, end = days.in_utc
    is_cut = any((piece.first, piece.after) != (days.first, days.after) for piece in pieces)
    months = (days.first, days.first) if is_cut else days.whole_months
    return {
        "sources": [piece.source for piece in pieces],
        "keys": [piece.key for piece in pieces],
        "firsts": [piece.first for piece in pieces],
        "afters": [piece.after for piece in pieces],
        "first": days.first,
        "after": days.after,
        "start": start,
        "end": end,
        "months_first": months[0],
        "months_after": months[1],
    }


def name_of(key: str, *, by: str, sources: dict[str, Source]) -> str:
    """Return the group's name."""
    return sources[key].name if by == SOURCE else str(Channel(key).label)
