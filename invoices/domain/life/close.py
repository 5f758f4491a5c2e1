"""Close a period and draft its invoice in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.document.unprintable import unprintable_in_annex
from invoices.domain.life.adjustments import carried_over_adjustments, store_taxes
from invoices.domain.lines.compose import lines_of
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.totals import move_credit, total_up
from invoices.models import Adjustment, Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.domain.audit.terms import keep_terms
from pricing.domain.rate.carry_over import mark_earlier
from pricing.domain.rate.rate import rate
from pricing.models import PeriodTally

AdjustmentLine = tuple[InvoiceLine, Adjustment]


class PeriodNotOver(Refused):
    """A period can be billed once it has ended."""

    code = "period_not_over"
    message = "This billing period has not ended yet."


class HasUnratedActions(Refused):
    """A period with unrated actions cannot be closed."""

    code = "unrated_actions"


class AlreadyClosed(Refused):
    """A closed period cannot be closed again."""

    code = "period_is_closed"
    message = "This billing period is already closed."


@transaction.atomic
def close(
    period: BillingPeriod, *, at: datetime, adjustments: Sequence[AdjustmentLine] | None = None
) -> Invoice | None:
    """Rate the period if needed, close it and draft its invoice; return None if there is nothing to bill.

    Raises AlreadyClosed, PeriodNotOver or HasUnratedActions; then nothing has changed. Deliveries for this customer
    wait until the period is closed. `adjustments` are those of the draft that this one replaces; by default, those of
    the voided invoice that it replaces.
    """
    period = _locked(period)
    _rate_and_close(period, at)
    return draft(period, at=at, adjustments=carried_over_adjustments(period) if adjustments is None else adjustments)


@transaction.atomic
def close_if_empty(period: BillingPeriod, *, at: datetime) -> bool:
    """Close a period without actions and without a minimum due, without a draft; return whether it was closed.

    An inactive customer owes no minimum, because no run bills it.
    """
    period = _locked(period)
    if period.actions.exists() or (period.customer.is_active and minimum_of(period)[0]):
        return False
    _rate_and_close(period, at)
    return True


def _locked(period: BillingPeriod) -> BillingPeriod:
    periods = BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer")
    return periods.prefetch_related("customer__terms").get(pk=period.pk)


def _rate_and_close(period: BillingPeriod, at: datetime) -> None:
    """Close a period that has ended and has no unrated actions, and keep the terms it was rated by."""
    if not period.is_open:
        raise AlreadyClosed
    if period.end_at > at:
        raise PeriodNotOver
    tally = _rated(period, at)
    if tally.unrated:
        raise HasUnratedActions(unrated_in_words(tally.unrated))
    keep_terms(period)
    period.state, period.closed_at = BillingPeriod.State.CLOSED, at
    period.save(update_fields=["state", "closed_at"])
    mark_earlier(period)


def unrated_in_words(count: int) -> str:
    """Say why a period with this many unrated actions cannot be closed, and what to do."""
    actions, them = ("action is", "it") if count == 1 else ("actions are", "them")
    return f"{count:,} {actions} unrated. Operations must add a price rule for {them}, or waive {them} with a reason."


def _rated(period: BillingPeriod, at: datetime) -> PeriodTally:
    tally = PeriodTally.objects.filter(period=period).first()
    if tally is None or period.unrated_marks.exists():
        return rate(period, at=at)
    return tally


def draft(period: BillingPeriod, *, at: datetime, adjustments: Sequence[AdjustmentLine] = ()) -> Invoice | None:
    """Draft the period's invoice with its lines, taxes and credit; return None if it would be empty."""
    with money.read_in(period.customer_terms.locale):  # for the text below the lines
        charged = lines_of(period)
    lines = [*charged, *(line for line, _ in adjustments)]
    if not lines:
        return None
    invoice = Invoice(customer=period.customer, period=period, currency=period.customer.currency)
    taxes = total_up(invoice, lines)
    invoice.unprintable = unprintable_in_annex(period, lines)[:100]
    invoice.save(force_insert=True)
    for position, line in enumerate(lines, start=1):
        line.invoice, line.position = invoice, position
    InvoiceLine.objects.bulk_create(lines, batch_size=1_000)
    for line, adjustment in adjustments:
        adjustment.line = line
        adjustment.save(force_insert=True)
    store_taxes(invoice, taxes)
    move_credit(invoice, at=at)
    return invoice
