"""Where the last rating of a period ended: what only comes later is rated on from there, to the same charges.

Whatever else has changed (a rule, a waiver, an action that occurred before that place) has the period rated whole.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from leads.models import Action, BillingPeriod
from pricing.models import PeriodTally
from pricing.rating.counters import Counters
from pricing.rating.facts import RuleFacts
from pricing.rating.period import needs_foresight
from pricing.rating.prices import Counted

ONLY_NEW_ACTIONS = {"intake"}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The last action rated, what rating had counted with it, and the tally so far."""

    at: datetime
    action: int
    tally: PeriodTally

    def restore(self, counters: Counters) -> None:
        """Set the counters of the period to where they stood here."""
        kept: dict[str, Any] = self.tally.counters or {}
        counters.counted.update({int(lineage): Counted(*counted) for lineage, counted in kept["counted"].items()})
        counters.by_rule.update({int(lineage): amount for lineage, amount in kept["by_rule"].items()})
        counters.charged = kept["charged"]


def kept(counters: Counters) -> dict[str, Any]:
    """The counters as the tally keeps them; who paid for what, and what leads were charged, is read from the charges."""
    return {
        "counted": {str(lineage): list(counted) for lineage, counted in counters.counted.items()},
        "by_rule": {str(lineage): amount for lineage, amount in counters.by_rule.items()},
        "charged": counters.charged,
    }


def bookmark(period: BillingPeriod, rules: Sequence[RuleFacts], *, reasons: Collection[str]) -> Bookmark | None:
    """The place to go on from, or None where the period must be rated whole; `reasons` are those of its marks."""
    tally = PeriodTally.objects.filter(period=period, counters__isnull=False, rated_to_at__isnull=False).first()
    if tally is None or set(reasons) != ONLY_NEW_ACTIONS or needs_foresight(rules):
        return None
    assert tally.rated_to_at is not None, "the query above asked for it"  # noqa: S101 -- tells mypy
    place = Bookmark(tally.rated_to_at, tally.rated_to_action or 0, tally)
    return place if _nothing_came_before(period, place) else None


def _nothing_came_before(period: BillingPeriod, place: Bookmark) -> bool:
    up_to_it = Q(occurred_at__lt=place.at) | Q(occurred_at=place.at, pk__lte=place.action)
    return Action.objects.of(period).filter(up_to_it).count() == place.tally.actions
