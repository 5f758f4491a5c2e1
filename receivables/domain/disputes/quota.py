"""How much of a billing period a customer may dispute before a second person decides, too."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing_engine.core import money
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.models import PeriodTally
from receivables.models import Dispute


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota of one billing period before tax, and what was disputed of it; withdrawn disputes don't count."""

    limit: Decimal | None  # None: no quota is agreed
    used: Decimal
    currency: str

    def is_exceeded_with(self, amount: Decimal) -> bool:
        return self.limit is not None and self.used + amount > self.limit

    def in_words(self, amount: Decimal = money.ZERO) -> str:
        """`$54.00 of $63.58`, with the amount that is about to be disputed."""
        used = money.in_words(self.used + amount, self.currency)
        return f"{used}, no quota" if self.limit is None else f"{used} of {money.in_words(self.limit, self.currency)}"


def quota_of(period: BillingPeriod) -> Quota:
    """Return the quota of a period by the terms of its first day."""
    terms = period.customer_terms
    limits = []
    if terms.dispute_quota is not None:
        limits.append(money.rounded(_charged(period) * terms.dispute_quota / 100, period.customer.currency))
    if terms.dispute_quota_sum is not None:
        limits.append(terms.dispute_quota_sum)
    counted = Dispute.objects.filter(period=period).exclude(state=Dispute.State.WITHDRAWN)
    used = counted.aggregate(sum=Sum("amount"))["sum"] or money.ZERO
    return Quota(min(limits, default=None), used, period.customer.currency)


def _charged(period: BillingPeriod) -> Decimal:
    """The charges of the period: those of its invoice, or what was rated so far."""
    lines = InvoiceLine.objects.filter(invoice__in=Invoice.objects.live().filter(period=period))
    billed = lines.filter(kind=InvoiceLine.Kind.CHARGES).aggregate(sum=Sum("amount"))["sum"]
    if billed is not None:
        return Decimal(billed)
    return PeriodTally.objects.filter(period=period).values_list("amount", flat=True).first() or money.ZERO
