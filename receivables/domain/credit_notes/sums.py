"""The sums of a credit note: its lines before tax, and the tax of each rate on them, rounded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.errors import FieldFault, HasFaults
from invoices.domain.lines.totals import tax_on
from invoices.models import InvoiceLine, InvoiceTax
from receivables.domain.credit_notes.left import Left, TaxLeft


class CreditHasFaults(HasFaults):
    """A credit note that credits nothing, more than is left, or does not say why."""

    code = "credit_has_faults"


@dataclass(frozen=True, slots=True)
class TaxCredit:
    """A tax of the invoice, and how much of its base and amount is credited."""

    tax: InvoiceTax
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """What a note credits."""

    lines: Mapping[InvoiceLine, Decimal]
    taxes: tuple[TaxCredit, ...]

    @property
    def subtotal(self) -> Decimal:
        return sum(self.lines.values(), money.ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((each.amount for each in self.taxes), money.ZERO)

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax


def sums_of(left: Left, amounts: Mapping[InvoiceLine, Decimal]) -> Sums:
    """Return the sums of a note over these amounts of lines; raise CreditHasFaults if there is not that much left."""
    if faults := [fault for row, each in enumerate(amounts.items()) for fault in _line_faults(left, row, *each)]:
        raise CreditHasFaults(faults)
    taxes = tuple(_tax_of(each, left, amounts) for each in left.taxes)
    sums = Sums(dict(amounts), tuple(each for each in taxes if each.base or each.amount))
    if fault := _sum_fault(left, sums):
        raise CreditHasFaults([fault])
    return sums


def _tax_of(tax: TaxLeft, left: Left, amounts: Mapping[InvoiceLine, Decimal]) -> TaxCredit:
    """Return the tax on the credited lines, at most what is left of it; the note that takes the last line takes the rest."""
    credited = {line.pk: amount for line, amount in amounts.items() if line.pk in tax.lines}
    base = sum(credited.values(), money.ZERO)
    is_last = credited and all(
        left.amounts[pk] == credited.get(pk, money.ZERO) for pk in tax.lines if pk in left.amounts
    )
    if is_last:
        return TaxCredit(tax.tax, base, tax.amount)
    amount = tax_on(base, rate=tax.tax.rate, currency=left.invoice.currency)
    least, most = sorted((money.ZERO, tax.amount))
    return TaxCredit(tax.tax, base, max(least, min(amount, most)))


def _line_faults(left: Left, row: int, line: InvoiceLine, amount: Decimal) -> list[FieldFault]:
    currency = left.invoice.currency
    if line.invoice_id != left.invoice.pk:
        words = f"{line} is not on {left.invoice}."
    elif not money.fits(amount, currency):
        words = money.no_fraction_in_words(currency)
    else:
        free = left.amounts.get(line.pk, money.ZERO)
        least, most = sorted((money.ZERO, free))
        if amount and least <= amount <= most:
            return []
        words = (
            f"Of line {line.position}, {money.in_words(free, currency)} is left to credit,"
            f" not {money.in_words(amount, currency)}."
            if amount
            else f"Enter the amount to credit of line {line.position}."
        )
    return [FieldFault("amount", "not_left_on_line", words, row)]


def _sum_fault(left: Left, sums: Sums) -> FieldFault | None:
    """Return what is wrong with the whole: discounts make lines add up to more than the invoice."""
    currency = left.invoice.currency
    if sums.total <= 0:
        return FieldFault("amount", "credits_nothing", "A credit note credits an amount above zero.")
    if not 0 <= sums.subtotal <= left.subtotal:
        words = f"{money.in_words(left.subtotal, currency)} before tax is left to credit of {left.invoice}"
        asked = money.in_words(sums.subtotal, currency)
        return FieldFault("amount", "not_left_on_invoice", f"{words}, not {asked}. Credit its discounts, too.")
    for credited, tax in ((credited, tax) for credited in sums.taxes for tax in left.taxes if tax.tax == credited.tax):
        least, most = sorted((money.ZERO, tax.base))
        if not least <= credited.base <= most:
            words = f"{money.in_words(tax.base, currency)} taxed with {tax.tax} is left to credit"
            asked = money.in_words(credited.base, currency)
            return FieldFault("amount", "not_left_of_tax", f"{words}, not {asked}. Credit its discounts, too.")
    return None
