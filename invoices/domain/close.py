"""A period is closed and its invoice drafted in one transaction: all of it happens, or nothing."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.lines import lines_of
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.domain.rate import rate
from pricing.domain.terms import keep_terms
from pricing.models import PeriodTally


class PeriodNotOver(Refused):
    """A period is billed when it has ended."""

    code = "period_not_over"
    message = "This billing period has not ended yet."


class HasUnratedActions(Refused):
    """What no rule prices must be decided before the period closes."""

    code = "unrated_actions"


class AlreadyClosed(Refused):
    """A period is billed once."""

    code = "period_is_closed"
    message = "This billing period is closed already."


@transaction.atomic
def close(period: BillingPeriod, *, at: datetime) -> Invoice | None:
    """Rate what is left, close the period and draft its invoice; None where there is nothing to bill.

    Raises AlreadyClosed, PeriodNotOver or HasUnratedActions, and then nothing has changed. Deliveries for this customer
    wait for it, and find the period closed.
    """
    period = BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer").get(pk=period.pk)
    if not period.is_open:
        raise AlreadyClosed
    if period.end_at > at:
        raise PeriodNotOver
    tally = _rated(period, at)
    if tally.unrated:
        raise HasUnratedActions(
            f"{tally.unrated} {'action is' if tally.unrated == 1 else 'actions are'} unrated: make a rule for them, "
            "or waive them with a reason."
        )
    invoice = draft(period)
    keep_terms(period)
    period.state, period.closed_at = BillingPeriod.State.CLOSED, at
    period.save(update_fields=["state", "closed_at"])
    return invoice


def _rated(period: BillingPeriod, at: datetime) -> PeriodTally:
    tally = PeriodTally.objects.filter(period=period).first()
    if tally is None or period.unrated_marks.exists():
        return rate(period, at=at)
    return tally


def draft(period: BillingPeriod) -> Invoice | None:
    """The period's invoice with its lines; None where it would be empty."""
    lines = lines_of(period)
    if not lines:
        return None
    customer = period.customer
    subtotal = sum((line.amount for line in lines), money.ZERO)
    tax = tax_on(subtotal, rate=customer.tax_rate, currency=customer.currency)
    invoice = Invoice.objects.create(
        customer=customer,
        period=period,
        currency=customer.currency,
        subtotal=subtotal,
        tax_rate=customer.tax_rate,
        tax=tax,
        total=subtotal + tax,
    )
    for line in lines:
        line.invoice = invoice
    InvoiceLine.objects.bulk_create(lines, batch_size=1_000)
    return invoice


def tax_on(subtotal: Decimal, *, rate: Decimal, currency: str) -> Decimal:
    """`rate` percent of the lines' sum, rounded once."""
    return money.rounded(subtotal * rate / 100, currency)
