"""How long it takes until a source's actions are received, and until its leads are first charged: samples."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from billing_engine.core.read_replica import few_rows_of
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import OF_PIECE, PIECES, Piece, asked_of

LATEST = 20  # deliveries whose actions are a source's sample
SAMPLED = 5_000  # actions of a source's sample
FIRSTS = 500  # charged actions of it, each of which is looked up with its lead
GAP = 1_000  # deliveries; those closer together are looked for in one stretch

# The newest deliveries of each source in the range, up to so many actions; one always.
NEWEST = f"""
    WITH {PIECES}
    SELECT DISTINCT newest.id
      FROM piece
      CROSS JOIN LATERAL (
          SELECT id, sum(actions_created) OVER (ORDER BY received_at DESC, id DESC) - actions_created AS newer
            FROM (SELECT delivery.id, delivery.received_at, delivery.actions_created FROM leads_delivery delivery
                   WHERE delivery.source_id = piece.source_id AND delivery.actions_created > 0
                         AND delivery.received_at >= piece.first::timestamp AT TIME ZONE 'UTC'
                         AND delivery.received_at < piece.after::timestamp AT TIME ZONE 'UTC'
                   ORDER BY delivery.received_at DESC, delivery.id DESC LIMIT %(latest)s) latest
      ) newest
     WHERE newest.newer < %(sampled)s
"""  # noqa: S608 -- SQL of our own
# By the stretches of deliveries, so that PostgreSQL reads the pages of these alone (BRIN): looking for one at a time passes over
# the whole index each time. An action dated ahead took no time.
LATENCIES = f"""
    WITH {PIECES}
    SELECT piece.key, count(*),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.95) WITHIN GROUP (ORDER BY took)
      FROM (SELECT delivery.source_id, delivery.received_at,
                   GREATEST(EXTRACT(epoch FROM delivery.received_at - action.occurred_at), 0) AS took
              FROM leads_action action JOIN leads_delivery delivery ON delivery.id = action.delivery_id
             WHERE action.delivery_id = ANY(%(deliveries)s) AND {{stretches}}) delivery
      JOIN piece {OF_PIECE}
     GROUP BY 1
"""  # noqa: S608 -- SQL of our own
# The charged actions of the same deliveries that are the first charged ones of their leads. An action that occurred before
# its lead was received took no time.
FIRST_CHARGES = f"""
    WITH {PIECES}, charged AS (
        SELECT delivery.source_id, delivery.received_at, action.id, action.lead_id, action.occurred_at,
               row_number() OVER (PARTITION BY delivery.source_id ORDER BY action.id DESC) AS place
          FROM leads_action action
          JOIN leads_delivery delivery ON delivery.id = action.delivery_id
          JOIN pricing_charge charge ON charge.action_id = action.id AND charge.amount > 0
         WHERE action.delivery_id = ANY(%(deliveries)s) AND {{stretches}}
    )
    SELECT piece.key, count(*),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.95) WITHIN GROUP (ORDER BY took)
      FROM (SELECT charged.source_id, charged.received_at,
                   GREATEST(EXTRACT(epoch FROM charged.occurred_at - lead.received_at), 0) AS took
              FROM charged JOIN leads_lead lead ON lead.id = charged.lead_id
             WHERE charged.place <= %(most)s AND NOT lead.is_test
                   AND NOT EXISTS (SELECT FROM leads_action earlier
                                     JOIN pricing_charge charge ON charge.action_id = earlier.id AND charge.amount > 0
                                    WHERE earlier.lead_id = charged.lead_id
                                          AND (earlier.occurred_at, earlier.id) < (charged.occurred_at, charged.id))
           ) delivery
      JOIN piece {OF_PIECE}
     GROUP BY 1
"""  # noqa: S608 -- SQL of our own


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that something took: the median and the 95th percentile of a sample."""

    sample: int
    median: Decimal
    p95: Decimal


def latencies(pieces: list[Piece], days: Days) -> dict[str, Latency]:
    """Return how long it took from occurred to received, of each source's newest deliveries in the range.

    A sample, because an exact median would read every action: of up to 20 deliveries and about 5,000 actions a source.
    """
    return _of_newest(LATENCIES, pieces, days, {})


def first_charges(pieces: list[Piece], days: Days) -> dict[str, Latency]:
    """Return how long it took from a lead's receipt to its first charged action, of those in the same deliveries."""
    return _of_newest(FIRST_CHARGES, pieces, days, {"most": FIRSTS})


def _of_newest(statement: str, pieces: list[Piece], days: Days, more: Mapping[str, Any]) -> dict[str, Latency]:
    asked = {**asked_of(pieces, days), **more}
    newest = few_rows_of(NEWEST, asked | {"latest": LATEST, "sampled": SAMPLED})
    if not newest:
        return {}
    deliveries = asked["deliveries"] = sorted(pk for (pk,) in newest)
    found = list[str]()
    for place, (first, last) in enumerate(_stretches(deliveries)):
        asked |= {f"first{place}": first, f"last{place}": last}
        found.append(f"action.delivery_id BETWEEN %(first{place})s AND %(last{place})s")
    statement = statement.format(stretches=f"({' OR '.join(found)})")
    return {key: Latency(*row) for key, *row in few_rows_of(statement, asked)}


def _stretches(deliveries: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last delivery of each stretch without a long gap."""
    first = deliveries[0]
    for one, following in pairwise(deliveries):
        if following - one > GAP:
            yield first, one
            first = following
    yield first, deliveries[-1]
