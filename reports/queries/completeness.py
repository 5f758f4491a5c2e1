"""What happened to all that was received: charged, included at $0.00, not charged, and waiting for a price."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from leads.models import BillingPeriod, Customer
from pricing.models.activity import CHARGED, INCLUDED, UNRATED, DailyActivity, MonthlyActivity

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Completeness:
    """Counts of actions by their outcome; they add up to what was received."""

    charged: int = 0
    included: int = 0
    waiting: int = 0
    amount: Decimal = ZERO
    reasons: Mapping[str, int] = field(default_factory=dict)  # why others are not charged, the most frequent first

    @property
    def not_charged(self) -> int:
        """All that cost nothing for a reason."""
        return sum(self.reasons.values())

    @property
    def received(self) -> int:
        """All of them."""
        return self.charged + self.included + self.not_charged + self.waiting


def of_period(period: BillingPeriod) -> Completeness:
    """Return what happened to the actions of a billing period."""
    return _of(MonthlyActivity.objects.filter(customer=period.customer_id, period=period))


def of_days(customer: Customer, first: date, last: date) -> Completeness:
    """Return what happened to the actions of some days, both included, in the customer's time zone."""
    return _of(DailyActivity.objects.filter(customer=customer, day__gte=first, day__lte=last))


def _of(activity: "QuerySet[MonthlyActivity] | QuerySet[DailyActivity]") -> Completeness:
    sums = activity.order_by().values_list("outcome").annotate(Sum("actions"), Sum("amount"))
    found: dict[str, tuple[int, Decimal]] = {outcome: (actions, amount) for outcome, actions, amount in sums}
    counts = {outcome: actions for outcome, (actions, _) in found.items()}
    known = (CHARGED, INCLUDED, UNRATED)
    reasons = {outcome: count for outcome, count in counts.items() if outcome not in known}
    return Completeness(
        charged=counts.get(CHARGED, 0),
        included=counts.get(INCLUDED, 0),
        waiting=counts.get(UNRATED, 0),
        amount=sum((amount for _, amount in found.values()), ZERO),
        reasons=dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
    )
