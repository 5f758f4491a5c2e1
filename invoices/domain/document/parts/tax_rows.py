"""The taxes below the lines: each name and rate once, and once more for all credits, which copy earlier invoices."""

from dataclasses import dataclass
from decimal import Decimal

from invoices.models import Invoice, InvoiceTax


@dataclass(slots=True)
class TaxRow:
    """A tax with what it is on: the ordinary lines, or the credits."""

    tax: InvoiceTax
    base: Decimal
    amount: Decimal
    of_credits: bool


def tax_rows(invoice: Invoice) -> list[TaxRow]:
    """Return the rows in order; they add up to the invoice's tax."""
    found: dict[tuple[bool, str, Decimal], TaxRow] = {}
    for tax in invoice.taxes.order_by("position"):
        of_credits = tax.line_id is not None
        row = found.get((of_credits, tax.name, tax.rate))
        if row is None:
            found[of_credits, tax.name, tax.rate] = TaxRow(tax, tax.base, tax.amount, of_credits)
        else:
            row.base, row.amount = row.base + tax.base, row.amount + tax.amount
    return list(found.values())
