"""Draft invoices: lines, taxes and credit, all of several customers at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from billing_engine.core.saving import copy_in
from invoices.domain.document.unprintable import unprintable_in_annexes
from invoices.domain.life.adjustments import AdjustmentLine, store_taxes
from invoices.domain.lines.compose import lines_of
from invoices.domain.lines.totals import move_credit, total_up
from invoices.models import Adjustment, Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.rating.values import RuleFacts


def draft(
    periods: Sequence[BillingPeriod],
    rules: Mapping[int, RuleFacts],
    *,
    adjustments: Mapping[int, Sequence[AdjustmentLine]],
    at: datetime,
) -> dict[int, Invoice | None]:
    """Draft each closed period's invoice with its lines, taxes and credit; None if it would be empty.

    `rules` are those that the periods were rated by; `adjustments` are unsaved, by period.
    """
    drafts = list[tuple[Invoice, list[InvoiceLine]]]()
    charged = lines_of(periods, rules)
    for period in periods:
        if lines := [*charged[period.pk], *(line for line, _ in adjustments.get(period.pk, ()))]:
            currency = period.customer.currency
            drafts.append((Invoice(customer=period.customer, period=period, currency=currency), lines))
    taxes = total_up(drafts)
    unprintable = unprintable_in_annexes((invoice.period, lines) for invoice, lines in drafts)
    for invoice, _ in drafts:
        invoice.unprintable = unprintable.get(invoice.period_id, "")[:100]
    invoices = Invoice.objects.bulk_create(invoice for invoice, _ in drafts)
    _store_lines(drafts, [one for period in periods for one in adjustments.get(period.pk, ())])
    store_taxes(zip(invoices, taxes, strict=True))
    for invoice in invoices:
        move_credit(invoice, at=at)
    return dict.fromkeys([period.pk for period in periods]) | {invoice.period_id: invoice for invoice in invoices}


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
