"""Draft invoices: lines, taxes and credit, all of several customers at once."""

from collections.abc import Mapping, Sequence

from billing_engine.core.saving import copy_in
from invoices.domain.document.unprintable import unprintable_in_annexes
from invoices.domain.life.adjustments import AdjustmentLine, store_taxes
from invoices.domain.lines.compose import Composed, compose
from invoices.domain.lines.totals import total_up
from invoices.models import Adjustment, Invoice, InvoiceLine
from leads.models import BillingPeriod, Source
from pricing.rating.values import RuleFacts


def draft(
    periods: Sequence[BillingPeriod],
    rules: Mapping[int, RuleFacts],
    *,
    adjustments: Mapping[int, Sequence[AdjustmentLine]],
) -> dict[int, Invoice | None]:
    """Draft each closed period's invoice with its lines, taxes and credit; None if it would be empty.

    `rules` are those that the periods were rated by; `adjustments` are unsaved, by period.
    """
    drafts = list[tuple[Invoice, list[InvoiceLine]]]()
    composed = compose(periods, rules)
    for period in periods:
        if lines := [*composed[period.pk].lines, *(line for line, _ in adjustments.get(period.pk, ()))]:
            currency = period.customer.currency
            drafts.append((Invoice(customer=period.customer, period=period, currency=currency), lines))
    taxes = total_up(drafts)
    may_be_unprintable = _names_beyond_ascii(composed)
    unprintable = unprintable_in_annexes(
        (invoice.period, lines) for invoice, lines in drafts if invoice.period_id in may_be_unprintable
    )
    for invoice, _ in drafts:
        invoice.unprintable = unprintable.get(invoice.period_id, "")[:100]
    invoices = Invoice.objects.bulk_create(invoice for invoice, _ in drafts)
    _store_lines(drafts, [one for period in periods for one in adjustments.get(period.pk, ())])
    store_taxes(zip(invoices, taxes, strict=True))
    return dict.fromkeys([period.pk for period in periods]) | {invoice.period_id: invoice for invoice in invoices}


def _names_beyond_ascii(composed: Mapping[int, Composed]) -> set[int]:
    """Return the periods whose annexes name something that is not ASCII: few do, and reading all names takes long."""
    if any(not name.isascii() for name in Source.objects.values_list("name", flat=True)):
        return set(composed)
    return {period for period, each in composed.items() if not each.is_ascii}


def _store_lines(drafts: Sequence[tuple[Invoice, list[InvoiceLine]]], adjustments: Sequence[AdjustmentLine]) -> None:
    for invoice, lines in drafts:
        for position, line in enumerate(lines, start=1):
            line.invoice, line.position = invoice, position
    copy_in([line for _, lines in drafts for line in lines if line.kind != InvoiceLine.Kind.ADJUSTMENT])
    if adjustments:
        InvoiceLine.objects.bulk_create(line for line, _ in adjustments)
        for line, adjustment in adjustments:
            adjustment.line = line
        Adjustment.objects.bulk_create(adjustment for _, adjustment in adjustments)
