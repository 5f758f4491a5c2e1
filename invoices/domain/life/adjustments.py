"""Manual lines on a draft, each with a reason."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.errors import Refused
from invoices.domain.life.batch import State, locked
from invoices.domain.life.deeds import (
    ADJUSTMENT_WITHDRAWN,
    INVOICE_ADJUSTED,
    INVOICE_VOIDED,
    REOPENING,
    last_of,
    total_of,
    touched_by,
)
from invoices.domain.lines.totals import total_up
from invoices.domain.month_lock import check_unlocked
from invoices.models import Adjustment, Invoice, InvoiceLine, InvoiceTax
from leads.models import BillingPeriod

AdjustmentLine = tuple[InvoiceLine, Adjustment]


class BadAdjustment(Refused):
    """An adjustment needs a nonzero amount in the currency's minor unit, the text for the customer and a reason."""

    code = "bad_adjustment"


class NotAnAdjustment(Refused):
    """Only adjustments can be withdrawn."""

    code = "not_an_adjustment"
    message = "Only an adjustment can be withdrawn. To correct a charge, add an adjustment."


@transaction.atomic
def adjust(invoice: Invoice, *, amount: Decimal, text: str, reason: str, by: User, at: datetime) -> InvoiceLine:
    """Add a manual line to a draft and recalculate its taxes and total; a negative amount reduces it.

    If the sum falls below zero, nothing is due, and the rest is carried to the customer's credit balance.
    Raises CycleLocked, WrongState or BadAdjustment.
    """
    check_unlocked(invoice.period.label)
    invoice = locked(invoice, State.DRAFT)
    if not amount:
        raise BadAdjustment("The amount of an adjustment cannot be zero.")
    if not money.fits(amount, invoice.currency):
        raise BadAdjustment(money.no_fraction_in_words(invoice.currency))
    if not text.strip() or not reason.strip():
        raise BadAdjustment("Enter the text for the customer, and a reason.")
    line = InvoiceLine.objects.create(
        invoice=invoice,
        position=(invoice.lines.aggregate(last=Max("position"))["last"] or 0) + 1,
        kind=InvoiceLine.Kind.ADJUSTMENT,
        description=text.strip(),
        quantity=1,
        exact_amount=amount,
        amount=amount,
    )
    Adjustment.objects.create(line=line, reason=reason.strip(), adjusted_by=by, adjusted_at=at)
    before = {"total": total_of(invoice)}
    retotal(invoice)
    after = {
        "adjustment": line.description,
        "amount": amount,
        "total": total_of(invoice),
    }
    record(INVOICE_ADJUSTED, on=invoice, by=by, reason=reason, before=before, after=after, also=touched_by(invoice))
    return line


@transaction.atomic
def withdraw(line: InvoiceLine, *, by: User) -> Invoice:
    """Remove an adjustment from a draft, and record what it was and who withdrew it.

    Raises CycleLocked, WrongState or NotAnAdjustment.
    """
    check_unlocked(line.invoice.period.label)
    invoice = locked(line.invoice, State.DRAFT)
    if line.kind != InvoiceLine.Kind.ADJUSTMENT:
        raise NotAnAdjustment
    made = line.adjustment
    before = {
        "adjustment": line.description,
        "amount": line.amount,
        "reason": made.reason,
        "adjusted_by": made.adjusted_by.get_full_name() or made.adjusted_by.get_username(),
        "total": total_of(invoice),
    }
    line.delete()
    retotal(invoice)
    after, also = {"total": total_of(invoice)}, [*touched_by(invoice), made.adjusted_by]
    record(ADJUSTMENT_WITHDRAWN, on=invoice, by=by, before=before, after=after, also=also)
    return invoice


def retotal(invoice: Invoice) -> None:
    """Recalculate the taxes, credit and total of a locked draft from its lines."""
    invoice.taxes.all().delete()
    lines = list(invoice.lines.select_related("product").order_by("position"))
    [taxes] = total_up([(invoice, lines)])
    store_taxes([(invoice, taxes)])
    invoice.save(update_fields=["subtotal", "tax", "credit", "total", "tax_exempt_reason"])


def store_taxes(of: Iterable[tuple[Invoice, Iterable[InvoiceTax]]]) -> None:
    """Store the taxes of new drafts."""
    found = []
    for invoice, taxes in of:
        for tax in taxes:
            tax.invoice = invoice
            found.append(tax)
    if found:
        InvoiceTax.objects.bulk_create(found)


def copied_adjustments(invoice: Invoice) -> list[AdjustmentLine]:
    """Return copies of an invoice's adjustments, for the draft that replaces it."""
    lines = invoice.lines.filter(kind=InvoiceLine.Kind.ADJUSTMENT).select_related("adjustment").order_by("position")
    return [_copied(line, line.adjustment) for line in lines]


def carried_over_adjustments(periods: Collection[BillingPeriod]) -> dict[int, list[AdjustmentLine]]:
    """Return copies of the adjustments of the voided invoices that these periods' next drafts replace, by period.

    None if the period was reopened after that: the dialog said that reopening deletes the draft's adjustments.
    """
    voided = Invoice.objects.filter(period__in=periods, state=State.VOID).order_by("voided_at", "pk")
    latest = {invoice.period_id: invoice for invoice in voided}
    found = {}
    for period in periods:
        opened = last_of(REOPENING, period) if period.pk in latest else None
        if opened is not None and opened.verb == INVOICE_VOIDED.code:
            found[period.pk] = copied_adjustments(latest[period.pk])
    return found


def _copied(line: InvoiceLine, adjustment: Adjustment) -> AdjustmentLine:
    copy = InvoiceLine(
        kind=line.kind,
        description=line.description,
        quantity=line.quantity,
        exact_amount=line.exact_amount,
        amount=line.amount,
    )
    return copy, Adjustment(
        line=copy,
        reason=adjustment.reason,
        adjusted_by_id=adjustment.adjusted_by_id,
        adjusted_at=adjustment.adjusted_at,
    )
