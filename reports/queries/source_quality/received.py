"""What sources delivered: counters of their deliveries by UTC day of receipt, and why items are in quarantine."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal

from billing_engine.core.read_replica import few_rows_of, rows_of
from leads.models.delivery import OUTCOMES
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import OF_PIECE, PIECES, Piece, asked_of
from reports.queries.source_quality.share import share

_ITEMS = ", ".join(
    f"COALESCE(sum(delivery.leads_{outcome} + delivery.actions_{outcome}), 0)::bigint" for outcome in OUTCOMES
)
# An index of source and time holds all counters, so that no delivery's body is touched.
COUNTED = f"""
    WITH {PIECES}
    SELECT piece.key, count(*), {_ITEMS}
      FROM piece JOIN leads_delivery delivery {OF_PIECE}
     GROUP BY 1
"""  # noqa: S608 -- SQL of our own
BY_DAY = f"""
    SELECT (delivery.received_at AT TIME ZONE 'UTC')::date, count(*), {_ITEMS}
      FROM leads_delivery delivery
     WHERE delivery.source_id = %(source)s AND delivery.received_at >= %(start)s AND delivery.received_at < %(end)s
     GROUP BY 1
"""  # noqa: S608 -- SQL of our own
LAST = f"""
    WITH {PIECES}
    SELECT piece.key, max(last.received_at)
      FROM piece
      CROSS JOIN LATERAL (SELECT delivery.received_at FROM leads_delivery delivery
                           WHERE delivery.source_id = piece.source_id
                           ORDER BY delivery.received_at DESC LIMIT 1) last
     GROUP BY 1
"""  # noqa: S608 -- SQL of our own
REFUSED = f"""
    WITH {PIECES}, refused AS (
        SELECT piece.key, item.code, count(*) AS items, count(*) FILTER (WHERE item.state = 'waiting') AS waiting,
               max(item.id) AS latest,
               min(item.id) FILTER (WHERE item.state = 'waiting' AND item.waits_until IS NULL) AS to_fix
          FROM piece JOIN leads_quarantineditem item
               ON item.source_id = piece.source_id
                  AND item.received_at >= piece.first::timestamp AT TIME ZONE 'UTC'
                  AND item.received_at < piece.after::timestamp AT TIME ZONE 'UTC'
         GROUP BY 1, 2
    )
    SELECT refused.key, refused.code, refused.items, refused.waiting, refused.latest, example.message,
           refused.to_fix
      FROM refused JOIN leads_quarantineditem example ON example.id = refused.latest
     ORDER BY refused.items DESC, refused.code
"""  # noqa: S608 -- SQL of our own


@dataclass(frozen=True, slots=True)
class Received:
    """How many deliveries and items arrived, and each item's outcome. An item is a lead or an action."""

    deliveries: int = 0
    created: int = 0
    updated: int = 0
    duplicate: int = 0
    conflict: int = 0
    quarantined: int = 0
    test: int = 0

    def __add__(self, other: "Received") -> "Received":
        return Received(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    @property
    def items(self) -> int:
        return self.stored + self.duplicate + self.refused

    @property
    def stored(self) -> int:
        """New, changed by what was new about them, or stored as a test."""
        return self.created + self.updated + self.test

    @property
    def refused(self) -> int:
        """In conflict with what is stored, or quarantined."""
        return self.conflict + self.quarantined

    @property
    def refused_share(self) -> Decimal | None:
        return share(self.refused, self.items)

    @property
    def duplicate_share(self) -> Decimal | None:
        return share(self.duplicate, self.items)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Items that were refused with one code: how many, how many still wait, the latest, and the first that needs a person."""

    code: str
    items: int
    waiting: int
    latest: int
    message: str
    to_fix: int | None


def received_by_group(pieces: list[Piece], days: Days) -> dict[str, Received]:
    """Add up the counters of the deliveries of these days."""
    return {key: Received(*counts) for key, *counts in few_rows_of(COUNTED, asked_of(pieces, days))}


def received_by_day(source: int, days: Days) -> dict[date, Received]:
    """Add up one source's deliveries by UTC day; days without any are left out."""
    start, end = days.in_utc
    rows = rows_of(BY_DAY, {"source": source, "start": start, "end": end})
    return {day: Received(*counts) for day, *counts in rows}


def last_deliveries(pieces: list[Piece], days: Days) -> dict[str, datetime]:
    """Return when each group delivered last, whether in these days or not."""
    return dict(rows_of(LAST, asked_of(pieces, days)))


def refusals(pieces: list[Piece], days: Days) -> Iterator[tuple[str, Refusal]]:
    """Return what is or was in quarantine and was received in these days, by group and code, most items first."""
    for key, *row in rows_of(REFUSED, asked_of(pieces, days)):
        yield key, Refusal(*row)
