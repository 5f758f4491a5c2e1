"""Where the last rating of a period ended: what only comes later is rated on from there, to the same charges.

Whatever else has changed (a rule, a waiver, an action that occurred before that place) has the period rated whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from leads.models import BillingPeriod
from pricing.domain.rate.actions import Place
from pricing.models import PeriodTally
from pricing.rating.counters import Counters
from pricing.rating.instants import moment
from pricing.rating.period import needs_foresight
from pricing.rating.prices import Counted
from pricing.rating.values import LineageId, RuleFacts

ONLY_NEW_ACTIONS = {"intake"}
ACTIONS_UP_TO = """
    SELECT asked.period_id,
           (SELECT count(*) FROM leads_action action
             WHERE action.period_id = asked.period_id
               AND (action.occurred_at, action.id) <= (asked.occurred_at, asked.action_id))
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS asked (period_id, occurred_at, action_id)
"""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The place of the last action rated, and the tally with what rating had counted there."""

    place: Place
    tally: PeriodTally

    def restore(self, counters: Counters) -> None:
        """Set the counters of the period to where they stood here."""
        kept: dict[str, Any] = self.tally.counters or {}
        counters.counted.update(
            {LineageId(int(lineage)): Counted(*counted) for lineage, counted in kept["counted"].items()}
        )
        counters.by_rule.update({LineageId(int(lineage)): amount for lineage, amount in kept["by_rule"].items()})
        counters.charged = kept["charged"]


def kept(counters: Counters) -> dict[str, Any]:
    """The counters as the tally keeps them; who paid for what, and what leads were charged, is read from the charges."""
    return {
        "counted": {
            str(lineage): [counted.actions, counted.quantity, counted.value]
            for lineage, counted in counters.counted.items()
        },
        "by_rule": {str(lineage): amount for lineage, amount in counters.by_rule.items()},
        "charged": counters.charged,
    }


def bookmarks(
    periods: Sequence[BillingPeriod], rules: Mapping[int, list[RuleFacts]], *, reasons: Mapping[int, Collection[str]]
) -> dict[int, Bookmark]:
    """The place to go on from, for each period that must not be rated whole.

    `rules` are each customer's, `reasons` those of each period's marks.
    """
    asking = [
        period.pk
        for period in periods
        if set(reasons[period.pk]) == ONLY_NEW_ACTIONS and not needs_foresight(rules[period.customer_id])
    ]
    if not asking:
        return {}
    tallies = PeriodTally.objects.filter(period__in=asking, counters__isnull=False, rated_to_at__isnull=False)
    found = {tally.period_id: _bookmark(tally) for tally in tallies}
    counts = _actions_up_to(found)
    return {period: mark for period, mark in found.items() if counts[period] == mark.tally.actions}


def _bookmark(tally: PeriodTally) -> Bookmark:
    assert tally.rated_to_at is not None, "asked for above"  # noqa: S101 -- tells mypy
    return Bookmark((moment(tally.rated_to_at), tally.rated_to_action or 0), tally)


def _actions_up_to(found: Mapping[int, Bookmark]) -> dict[int, int]:
    """How many actions each period has up to its bookmark now: more than were rated, if some came in before it."""
    tallies = [mark.tally for mark in found.values()]
    with connection.cursor() as cursor:
        instants, actions = [tally.rated_to_at for tally in tallies], [tally.rated_to_action for tally in tallies]
        cursor.execute(ACTIONS_UP_TO, [list(found), instants, actions])
        return dict(cursor.fetchall())
