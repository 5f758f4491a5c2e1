"""The number register: every number of a month with its document, and proof that none is missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.errors import Refused
from invoices.models import Invoice, NumberSeries
from leads.models import Company
from receivables.domain.exports.file import Cell, amount, csv_file, read_back
from receivables.models import LedgerDocument

HEADER = (
    *("Number", "Place in series", "Document", "Date", "Customer code", "Customer", "Currency"),
    *("Net", "Tax", "Total", "State", "Void since"),
)
NAMED = 5
INVOICE = "Invoice"


class NumbersMissing(Refused):
    """A number register has every number of its series, once."""

    code = "numbers_missing"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document with a number."""

    number: str
    place: int | None
    kind: str
    on: date
    customer_code: str
    customer: str
    currency: str
    net: Decimal
    tax: Decimal
    void_on: date | None = None

    @property
    def cells(self) -> Sequence[Cell]:
        net, tax, total = (amount(each, self.currency) for each in (self.net, self.tax, self.net + self.tax))
        begin = (self.number, self.place, self.kind, self.on, self.customer_code, self.customer, self.currency)
        return (*begin, net, tax, total, "Void" if self.void_on else "Issued", self.void_on)


def numbers_of(seller: Company | None, month: str) -> list[Numbered]:
    """The numbers of invoices, void ones too, and of credit notes dated in the month, in their order.

    Raises NumbersMissing if a series of the month's year has a gap.
    """
    asked = Month.parse(month)
    for series in NumberSeries.objects.filter(_of(seller), year=asked.first.year):
        _check_series(series)
    invoices = Invoice.objects.filter(
        Q(series__seller=seller) if seller else Q(series__seller=None), issued_on__range=(asked.first, asked.last)
    ).exclude(number=None)
    found = [_invoice(each) for each in invoices.select_related("customer").order_by("series__year", "serial")]
    notes = LedgerDocument.objects.filter(
        _of(seller), kind=LedgerDocument.Kind.CREDIT_NOTE, posted_on__range=(asked.first, asked.last)
    )
    with_postings = (
        notes.select_related("customer", "credit_note").prefetch_related("postings").order_by("reference", "pk")
    )
    found += [_note(each) for each in with_postings]
    numbers = [each.number for each in found]
    if len(set(numbers)) < len(numbers):
        double = sorted({number for number in numbers if numbers.count(number) > 1})
        raise NumbersMissing(f"Given twice: {', '.join(double[:NAMED])}.")
    return found


def sums_of(found: Sequence[Numbered]) -> dict[str, Decimal]:
    """The total of the invoices, less the credit notes, by currency."""
    sums = defaultdict[str, Decimal](Decimal)
    for each in found:
        sums[each.currency] += (each.net + each.tax) * (1 if each.kind == INVOICE else -1)
    return dict(sorted(sums.items()))


def register(seller: Company | None, month: str) -> tuple[bytes, list[Numbered]]:
    """The register as a file, read back before it is offered."""
    found = numbers_of(seller, month)
    content = csv_file(HEADER, (each.cells for each in found))
    rows = [(row["Number"], Decimal(row["Total"])) for row in read_back(content)]
    if rows != [(each.number, each.net + each.tax) for each in found]:
        raise NumbersMissing("The file does not have what the register has.")
    return content, found


def _of(seller: Company | None) -> Q:
    return Q(seller=seller) if seller else Q(seller=None)


def _check_series(series: NumberSeries) -> None:
    given = series.invoices if series.kind == NumberSeries.Kind.INVOICE else series.credit_notes
    missing = set(range(1, series.last + 1)) - set(given.values_list("serial", flat=True))
    if missing:
        named = ", ".join(str(each) for each in sorted(missing)[:NAMED])
        raise NumbersMissing(f"The series of {series} ({series.get_kind_display().lower()}) has a gap at {named}.")


def _invoice(invoice: Invoice) -> Numbered:
    assert invoice.issued_on is not None  # noqa: S101 -- tells mypy: it has a number
    customer, voided_at = invoice.customer, invoice.voided_at
    return Numbered(
        number=str(invoice.number),
        place=invoice.serial,
        kind=INVOICE,
        on=invoice.issued_on,
        customer_code=customer.code,
        customer=customer.name,
        currency=invoice.currency,
        net=invoice.subtotal,
        tax=invoice.tax,
        void_on=customer.day_of(voided_at) if voided_at else None,
    )


def _note(document: LedgerDocument) -> Numbered:
    sums = defaultdict[str, Decimal](lambda: money.ZERO)
    note = getattr(document, "credit_note", None)
    for posting in document.postings.all():
        sums[posting.account] += posting.amount
    return Numbered(
        number=document.reference,
        place=note.serial if note else None,
        kind=document.get_kind_display(),
        on=document.posted_on,
        customer_code=document.customer.code,
        customer=document.customer.name,
        currency=document.currency,
        net=sums["revenue"],
        tax=sums["tax"],
    )
