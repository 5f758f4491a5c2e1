"""What invoices charge, line by line, with each line's share of the stored taxes; nothing is computed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from billing_engine.core import money
from invoices.domain.document.content_lines import charged_line
from invoices.domain.lines.totals import is_taxed
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import Product, ProductRevision
from leads.models.revision import fact_on

LONGEST_DESCRIPTION = 4_000


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line: its amount, and its share of each tax by the tax's name and rate."""

    description: str
    amount: Decimal
    taxes: Mapping[str, Decimal]
    product: int | None = None
    line: int = 0  # the invoice's line

    @property
    def turned(self) -> "TaxedLine":
        """The same line with the opposite sign."""
        taxes = {tax: -amount for tax, amount in self.taxes.items()}
        return TaxedLine(self.description, -self.amount, taxes, self.product, self.line)


def taxed_lines_of(invoices: set[int]) -> dict[int, list[TaxedLine]]:
    """Read the lines with an amount or a quantity of these invoices, by invoice id."""
    charged = InvoiceLine.objects.exclude(kind=InvoiceLine.Kind.NOT_CHARGED).order_by("position")
    found = Invoice.objects.filter(pk__in=invoices).select_related("period", "customer")
    with_lines = found.prefetch_related(
        Prefetch("lines", charged.select_related("rule", "invoice__customer")),
        Prefetch("taxes", InvoiceTax.objects.order_by("position")),
    )
    return {invoice.pk: _lines_of(invoice) for invoice in with_lines}


def _lines_of(invoice: Invoice) -> list[TaxedLine]:
    lines, taxes = list(invoice.lines.all()), list(invoice.taxes.all())
    category_of = _categories(invoice, lines) if any(tax.categories for tax in taxes) else {}
    shares = [dict[str, Decimal]() for _ in lines]
    for tax in taxes:
        taxed = {part["category"] for part in tax.categories}
        on = [place for place, line in enumerate(lines) if is_taxed(line, tax, taxed, category_of.get(line.product_id))]
        for place, share in zip(on, _shares([lines[place].amount for place in on], tax, invoice.currency), strict=True):
            shares[place][str(tax)] = share
    return [
        TaxedLine(in_words(line, invoice.currency), line.amount, its, line.product_id, line.pk)
        for line, its in zip(lines, shares, strict=True)
    ]


def _shares(amounts: Sequence[Decimal], tax: InvoiceTax, currency: str) -> list[Decimal]:
    """Share a tax, which was rounded once, among the lines it is on, so that they add up to it."""
    if not tax.amount:
        return [money.ZERO for _ in amounts]
    return money.spread([amount * tax.amount / tax.base for amount in amounts], currency)


def _categories(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[int | None, str]:
    """The categories that the invoice's taxes went by."""
    products = Product.objects.filter(pk__in={line.product_id for line in lines if line.product_id})
    category = fact_on(ProductRevision, "category", invoice.period.first_day)
    return {pk: found or "" for pk, found in products.values_list("pk", category)}


def in_words(line: InvoiceLine, currency: str) -> str:
    """The line with its quantity and unit price in words: files say 1 × amount, so no receiver multiplies again."""
    if line.kind != InvoiceLine.Kind.CHARGES:
        return clean(line.description)[:LONGEST_DESCRIPTION]
    shown = charged_line(line, currency)
    parts = [f"{shown.quantity} {shown.unit}".strip() + (f" at {shown.unit_price}" if shown.unit_price else "")]
    parts += [f"{tier.tier}: {tier.quantity} at {tier.unit_price} = {tier.amount}" for tier in shown.tiers]
    return f"{shown.description}: {'; '.join([*parts, *shown.notes])}"[:LONGEST_DESCRIPTION]
