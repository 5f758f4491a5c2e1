"""Reconcile the exact amounts of charges with the totals of invoices, month by month, to the cent."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Q, Sum
from django.db.models.functions import Coalesce

from billing_engine.core.money import SUM_DIGITS, minor_unit
from invoices.models import Invoice, InvoiceLine
from leads.models import Customer

Kind = InvoiceLine.Kind
MONEY = DecimalField(max_digits=SUM_DIGITS, decimal_places=6)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """exact + rounding + minimum + adjustments + tax + credit = total, for one invoice."""

    month: str
    invoice: Invoice
    exact: Decimal  # the charges, added up by the report
    exact_on_lines: Decimal  # the same, as stored on the invoice lines
    lines: int
    rounding: Decimal
    minimum: Decimal
    adjustments: Decimal
    tax: Decimal
    credit: Decimal
    total: Decimal

    @property
    def agrees(self) -> bool:
        """Whether the invoice equals its charges, with no difference except rounding."""
        at_most = self.lines * minor_unit(self.invoice.currency) / 2
        adds_up = sum((self.rounding, self.minimum, self.adjustments, self.tax, self.credit), self.exact) == self.total
        return adds_up and self.exact == self.exact_on_lines and abs(self.rounding) <= at_most


def reconciled(customer: Customer, exact: Mapping[str, Decimal]) -> list[Reconciliation]:
    """Return one entry per invoiced month in `exact` (the report's sum for the month), from one query."""
    found: Any = (
        Invoice.objects.filter(customer=customer, period__label__in=list(exact))
        .exclude(state=Invoice.State.VOID)
        .select_related("period__customer")
        .annotate(
            exact_on_lines=_sum("exact_amount", Kind.CHARGES),
            charged=_sum("amount", Kind.CHARGES),
            minimum=_sum("amount", Kind.MINIMUM),
            adjustments=_sum("amount", Kind.ADJUSTMENT),
            line_count=Count("lines", filter=Q(lines__kind=Kind.CHARGES)),
        )
        .order_by("period__label")
    )
    return [
        Reconciliation(
            month=invoice.period.label,
            invoice=invoice,
            exact=exact[invoice.period.label],
            exact_on_lines=invoice.exact_on_lines,
            lines=invoice.line_count,
            rounding=invoice.charged - exact[invoice.period.label],
            minimum=invoice.minimum,
            adjustments=invoice.adjustments,
            tax=invoice.tax,
            credit=invoice.credit,
            total=invoice.total,
        )
        for invoice in found
    ]


def _sum(column: str, kind: InvoiceLine.Kind) -> Coalesce:
    summed = Sum(f"lines__{column}", filter=Q(lines__kind=kind), output_field=MONEY)
    return Coalesce(summed, Decimal(0), output_field=MONEY)
