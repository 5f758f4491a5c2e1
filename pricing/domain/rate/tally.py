"""Count a rating's decisions while they stream by."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from leads.models import BillingPeriod
from pricing.domain.rate.actions import Place
from pricing.domain.rate.charges import to_decimal
from pricing.models import PeriodTally
from pricing.rating.instants import instant
from pricing.rating.values import ActionId, Decision


class Tally:
    """Count decisions; keep the unrated ones, pass on the others as charges."""

    def __init__(self) -> None:
        self.charged = self.amount = 0
        self.excluded_by = Counter[str]()
        self.unrated: list[ActionId] = []
        self.faults: dict[ActionId, str] = {}  # why some of the unrated actions can't be priced

    def count(self, decisions: list[Decision]) -> list[Decision]:
        """Count the decisions and return those that become charges."""
        rated = [one for one in decisions if one.rule is not None or one.reason]
        if len(rated) < len(decisions):
            self.unrated += [one.action for one in decisions if one.is_unrated]
        reasons = [one.reason for one in rated if one.reason]
        self.excluded_by.update(reasons)
        self.charged += len(rated) - len(reasons)
        self.amount += sum([one.amount for one in rated])
        return rated

    def set_aside(self, action: ActionId, why: str) -> None:
        """Record an action that was not decided because its charge can't be stored."""
        self.unrated.append(action)
        self.faults[action] = why

    def stored(
        self, period: BillingPeriod, before: PeriodTally | None, *, last: Place | None, counters: object, at: datetime
    ) -> PeriodTally:
        """The period's unsaved tally; counts are added to `before` if rating continued from a checkpoint."""
        stored = (
            PeriodTally(period=period, charged=0, excluded=0, unrated=0, amount=Decimal(0))
            if before is None
            else before
        )
        stored.charged += self.charged
        stored.excluded += self.excluded_by.total()
        stored.excluded_by = dict(self.excluded_by + Counter(stored.excluded_by))
        stored.unrated += len(self.unrated)
        stored.actions = stored.charged + stored.excluded + stored.unrated
        stored.amount += to_decimal(self.amount)
        stored.rated_to_at, stored.rated_to_action = (instant(last[0]), last[1]) if last else (None, None)
        stored.counters, stored.rated_at = counters, at
        return stored


def save_tallies(tallies: Iterable[PeriodTally]) -> None:
    """Save all tallies in one statement, replacing existing ones."""
    fields = [field.name for field in PeriodTally._meta.concrete_fields if not field.primary_key]
    PeriodTally.objects.bulk_create(tallies, update_conflicts=True, unique_fields=["period"], update_fields=fields)
