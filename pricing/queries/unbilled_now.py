"""What was charged in the open periods of a customer: no invoice has it yet."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Min, Sum

from billing_engine.core.money import ZERO
from leads.models import BillingPeriod, Customer
from pricing.models import PeriodTally


@dataclass(frozen=True, slots=True)
class UnbilledNow:
    """The exact charges of open periods, and when the first of them began."""

    amount: Decimal
    since: datetime | None


def unbilled_now(customer: Customer) -> UnbilledNow:
    """Return what is charged but not billed, as last rated."""
    tallies = PeriodTally.objects.filter(period__customer=customer, period__state=BillingPeriod.State.OPEN)
    found = tallies.aggregate(amount=Sum("amount"), since=Min("period__start_at"))
    return UnbilledNow(found["amount"] or ZERO, found["since"])
