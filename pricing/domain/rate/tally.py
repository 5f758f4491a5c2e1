"""Count a rating's decisions while they stream by."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from leads.models import BillingPeriod
from pricing.domain.rate.actions import Place
from pricing.domain.rate.activity import day_at
from pricing.domain.rate.charges import to_decimal
from pricing.models import PeriodTally
from pricing.rating.counters import CHARGED, INCLUDED, UNRATED, DailySums
from pricing.rating.instants import instant
from pricing.rating.values import ActionId, Decision


class Tally:
    """Add up decisions by day; keep the unrated ones, pass on the others as charges."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.sums = DailySums(day_at(zone))
        self.unrated: list[ActionId] = []
        self.faults: dict[ActionId, str] = {}  # why some of the unrated actions can't be priced

    def charges(self, decisions: list[Decision]) -> list[Decision]:
        """The decisions that become charges."""
        rated = [one for one in decisions if one.rule is not None or one.reason]
        if len(rated) < len(decisions):
            self.unrated += [one.action for one in decisions if one.is_unrated]
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
        counts, amount = Counter[str](), 0
        for cells in self.sums.months().values():
            for (*_, outcome), cell in cells.items():
                counts[outcome] += cell.actions
                amount += cell.amount
        del counts[UNRATED]
        stored.charged += counts.pop(CHARGED, 0) + counts.pop(INCLUDED, 0)
        stored.excluded += counts.total()
        stored.excluded_by = dict(counts + Counter(stored.excluded_by))
        stored.unrated += len(self.unrated)
        stored.actions = stored.charged + stored.excluded + stored.unrated
        stored.amount += to_decimal(amount)
        stored.rated_to_at, stored.rated_to_action = (instant(last[0]), last[1]) if last else (None, None)
        stored.counters, stored.rated_at = counters, at
        return stored


def save_tallies(tallies: Iterable[PeriodTally]) -> None:
    """Save all tallies in one statement, replacing existing ones."""
    fields = [field.name for field in PeriodTally._meta.concrete_fields if not field.primary_key]
    PeriodTally.objects.bulk_create(tallies, update_conflicts=True, unique_fields=["period"], update_fields=fields)
