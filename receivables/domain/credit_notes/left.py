"""What an invoice has left to credit: of each line, of each tax, and in all. Drafts and credit lines count as credited."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing_engine.core import money
from invoices.domain.lines.totals import taxed_lines
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import Customer
from receivables.models import CreditNote, CreditNoteLine, CreditNoteTax


@dataclass(frozen=True, slots=True)
class TaxLeft:
    """A tax of the invoice: the lines that it was applied to, and what is left of its base and its amount."""

    tax: InvoiceTax
    lines: frozenset[int]
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an invoice; amounts have the signs that they have on it."""

    invoice: Invoice
    lines: Mapping[int, InvoiceLine]
    amounts: Mapping[int, Decimal]  # by line
    taxes: tuple[TaxLeft, ...]
    subtotal: Decimal

    @property
    def tax(self) -> Decimal:
        return sum((each.amount for each in self.taxes), money.ZERO)

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax

    @property
    def whole(self) -> dict[InvoiceLine, Decimal]:
        """Everything that is left, as an argument of `draft_for_lines`."""
        return {self.lines[pk]: amount for pk, amount in self.amounts.items() if amount}


def what_is_left(invoice: Invoice) -> Left:
    """Return what is left; lock the customer first if you write."""
    every = list(invoice.lines.order_by("position"))
    lines = {line.pk: line for line in every if line.kind != InvoiceLine.Kind.CREDIT}
    credited, taxed = _credited_lines(invoice), _credited_taxes(invoice)
    notes = CreditNote.objects.filter(invoice=invoice).aggregate(sum=Sum("subtotal"))["sum"] or money.ZERO
    taxes = []
    for tax, ids in taxed_lines(invoice, every):
        if tax.line_id:
            continue  # of a credit line, which is never credited itself
        base, amount = taxed.get((tax.name, tax.rate), (money.ZERO, money.ZERO))
        taxes.append(TaxLeft(tax, frozenset(ids), tax.base - base, tax.amount - amount))
    return Left(
        invoice,
        lines,
        {pk: line.amount - credited.get(pk, money.ZERO) for pk, line in lines.items() if line.amount},
        tuple(taxes),
        sum((line.amount for line in lines.values()), money.ZERO) - notes,
    )


def lock(*invoices: Invoice) -> None:
    """Lock invoices of one customer in order, then the customer, so that two people never credit, pay or void at once."""
    rows = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Customer.objects.select_for_update(no_key=True).get(pk=invoices[0].customer_id)


def _credited_lines(invoice: Invoice) -> dict[int, Decimal]:
    rows = CreditNoteLine.objects.filter(note__invoice=invoice).values_list("line").order_by("line")
    return dict(rows.annotate(Sum("amount")))


def _credited_taxes(invoice: Invoice) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    rows = CreditNoteTax.objects.filter(note__invoice=invoice).values_list("name", "rate").order_by("name", "rate")
    return {(name, rate): (base, amount) for name, rate, base, amount in rows.annotate(Sum("base"), Sum("amount"))}
