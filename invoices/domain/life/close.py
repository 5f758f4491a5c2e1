"""A period is closed and its invoice drafted in one transaction: all of it happens, or nothing."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.document.unprintable import unprintable_in_annex
from invoices.domain.life.adjustments import carried, store_taxes
from invoices.domain.lines.compose import lines_of
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.totals import move_credit, total_up
from invoices.models import Adjustment, Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.domain.audit.terms import keep_terms
from pricing.domain.rate.carry_over import mark_earlier
from pricing.domain.rate.rate import rate
from pricing.models import PeriodTally

Adjusted = tuple[InvoiceLine, Adjustment]


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
def close(period: BillingPeriod, *, at: datetime, adjustments: Sequence[Adjusted] | None = None) -> Invoice | None:
    """Rate what is left, close the period and draft its invoice; None where there is nothing to bill.

    Raises AlreadyClosed, PeriodNotOver or HasUnratedActions, and then nothing has changed. Deliveries for this customer
    wait for it, and find the period closed. `adjustments` are those of the draft that this one takes the place of;
    without them, those of the invoice whose void opened the period.
    """
    period = _held(period)
    _rate_and_close(period, at)
    return draft(period, at=at, adjustments=carried(period) if adjustments is None else adjustments)


@transaction.atomic
def close_if_empty(period: BillingPeriod, *, at: datetime) -> bool:
    """Close a period in which nothing came in and for which nothing is due, without a draft; answers whether it was one.

    Of an inactive customer nothing is due: no run bills it.
    """
    period = _held(period)
    if period.actions.exists() or (period.customer.is_active and minimum_of(period)[0]):
        return False
    _rate_and_close(period, at)
    return True


def _held(period: BillingPeriod) -> BillingPeriod:
    return BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer").get(pk=period.pk)


def _rate_and_close(period: BillingPeriod, at: datetime) -> None:
    """The one way in which a period is closed: over, rated, with nothing unrated, and with what it was rated by kept."""
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
    """Why a period with so many unrated actions is not closed, and what to do."""
    are = "action is" if count == 1 else "actions are"
    return f"{count} {are} unrated: operations make a rule for them, or waive them with a reason."


def _rated(period: BillingPeriod, at: datetime) -> PeriodTally:
    tally = PeriodTally.objects.filter(period=period).first()
    if tally is None or period.unrated_marks.exists():
        return rate(period, at=at)
    return tally


def draft(period: BillingPeriod, *, at: datetime, adjustments: Sequence[Adjusted] = ()) -> Invoice | None:
    """The period's invoice with its lines, taxes and credit; None where it would be empty."""
    with money.read_in(period.customer.locale):  # for the words beneath the lines
        charged = lines_of(period)
    lines = [*charged, *(line for line, _ in adjustments)]
    if not lines:
        return None
    invoice = Invoice(customer=period.customer, period=period, currency=period.customer.currency)
    taxes = total_up(invoice, lines)
    invoice.unprintable = unprintable_in_annex(period, lines)[:100]
    invoice.save()
    for position, line in enumerate(lines, start=1):
        line.invoice, line.position = invoice, position
    InvoiceLine.objects.bulk_create(lines, batch_size=1_000)
    for line, adjustment in adjustments:
        adjustment.line = line
        adjustment.save(force_insert=True)
    store_taxes(invoice, taxes)
    move_credit(invoice, at=at)
    return invoice
