"""Where a period's last rating ended; rating continues there, with the same charges, if only later actions came.

After any other change (a rule, a waiver, an earlier action), the whole period is rated again.
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
class Checkpoint:
    """The position of the last action rated, and the tally with the counters at that point."""

    place: Place
    tally: PeriodTally

    def restore(self, counters: Counters) -> None:
        """Set the period's counters to their values at this point."""
        kept: dict[str, Any] = self.tally.counters or {}
        counters.counted.update(
            {LineageId(int(lineage)): Counted(*counted) for lineage, counted in kept["counted"].items()}
        )
        counters.by_rule.update({LineageId(int(lineage)): amount for lineage, amount in kept["by_rule"].items()})
        counters.charged = kept["charged"]


def kept(counters: Counters) -> dict[str, Any]:
    """The counters as stored in the tally; carried-over payments and lead totals are read from the charges instead."""
    return {
        "counted": {
            str(lineage): [counted.actions, counted.quantity, counted.value]
            for lineage, counted in counters.counted.items()
        },
        "by_rule": {str(lineage): amount for lineage, amount in counters.by_rule.items()},
        "charged": counters.charged,
    }


def checkpoints(
    periods: Sequence[BillingPeriod], rules: Mapping[int, list[RuleFacts]], *, reasons: Mapping[int, Collection[str]]
) -> dict[int, Checkpoint]:
    """The checkpoint of each period that need not be rated whole.

    `rules` are each customer's rules, `reasons` those of each period's marks.
    """
    asking = [
        period.pk
        for period in periods
        if set(reasons[period.pk]) == ONLY_NEW_ACTIONS and not needs_foresight(rules[period.customer_id])
    ]
    if not asking:
        return {}
    tallies = PeriodTally.objects.filter(period__in=asking, counters__isnull=False, rated_to_at__isnull=False)
    found = {tally.period_id: _checkpoint(tally) for tally in tallies}
    counts = _actions_up_to(found)
    return {period: mark for period, mark in found.items() if counts[period] == mark.tally.actions}


def _checkpoint(tally: PeriodTally) -> Checkpoint:
    assert tally.rated_to_at is not None, "asked for above"  # noqa: S101 -- for mypy
    return Checkpoint((moment(tally.rated_to_at), tally.rated_to_action or 0), tally)


def _actions_up_to(found: Mapping[int, Checkpoint]) -> dict[int, int]:
    """Count each period's actions up to its checkpoint; a higher count than was rated means some arrived before it."""
    tallies = [mark.tally for mark in found.values()]
    with connection.cursor() as cursor:
        instants, actions = [tally.rated_to_at for tally in tallies], [tally.rated_to_action for tally in tallies]
        cursor.execute(ACTIONS_UP_TO, [list(found), instants, actions])
        return dict(cursor.fetchall())
