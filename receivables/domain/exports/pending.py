"""What an export to the books would have: documents of the month that no export of its kind has yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from billing_engine.core.calendar.spans import Month
from leads.models import Company
from receivables.domain.exports import accrual, numbers
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.entries import Form, entries_of
from receivables.domain.exports.journals import GeneralLedger, NetSuite
from receivables.domain.exports.sales import QuickBooksCreditNotes, QuickBooksInvoices, XeroCreditNotes, XeroInvoices
from receivables.models import BookExport, ExportedDocument, LedgerDocument, Posting

Kind = BookExport.Kind
FORMS: dict[str, Form] = {
    Kind.GENERAL_LEDGER: GeneralLedger(),
    Kind.QUICKBOOKS_INVOICES: QuickBooksInvoices(),
    Kind.QUICKBOOKS_CREDIT_NOTES: QuickBooksCreditNotes(),
    Kind.XERO_INVOICES: XeroInvoices(),
    Kind.XERO_CREDIT_NOTES: XeroCreditNotes(),
    Kind.NETSUITE: NetSuite(),
}


@dataclass(frozen=True, slots=True)
class Pending:
    """What is new for one kind of file: how much, and what is missing before it can be written."""

    count: int
    noun: str
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    most: int | None = None  # in one file; the rest waits for the next

    @property
    def left_over(self) -> int:
        """How many at least wait for another file."""
        return 0 if self.most is None else max(0, self.count - self.most)


def pending(export: BookExport) -> Pending:
    """Return what an export, saved or not, would have now."""
    if export.kind == Kind.ACCRUAL:
        return _of_accrual(export)
    if export.kind == Kind.NUMBERS:
        found = numbers.numbers_of(export.seller, export.month)
        return Pending(len(found), "number", numbers.sums_of(found))
    form, found_new = FORMS[export.kind], new_documents(export)
    by_currency = found_new.values_list("currency").annotate(sum=Sum("amount"))
    return Pending(
        found_new.count(),
        "document",
        dict(by_currency.order_by("currency")),
        tuple(_missing(export, form, found_new)),
        form.most_documents,
    )


def new_documents(export: BookExport) -> QuerySet[LedgerDocument]:
    """The documents of the export's company and month that no export of its kind has."""
    exported = ExportedDocument.objects.filter(document=OuterRef("pk"), kind=export.kind)
    first, after = bounds(export.month)
    found = LedgerDocument.objects.filter(
        FORMS[export.kind].documents, of_seller(export.seller), ~Exists(exported), posted_on__range=(first, after)
    )
    return found.order_by("posted_on", "pk")


def bounds(month: str) -> tuple[date, date]:
    """The first and the last day of a month."""
    asked = Month.parse(month)
    return asked.first, asked.last


def of_seller(seller: Company | None) -> Q:
    """The filter for a company, or for the seller in the settings."""
    return Q(seller=seller) if seller else Q(seller=None)


def _missing(export: BookExport, form: Form, documents: QuerySet[LedgerDocument]) -> list[str]:
    accounts = Accounts(export.seller, export.company_name)
    postings = Posting.objects.filter(document__in=documents.order_by())
    wanted = sorted(set(postings.values_list("account", "tax")))
    if not form.needs_tax_codes:
        return accounts.missing(wanted)
    # Line by line, for a tax at 0% posts nothing, and a tax may be on some lines only.
    lines = [line for entry in entries_of(documents[: form.most_documents]) for line in entry.lines]
    sold = [each for each in wanted if each[0] in ("revenue", "tax")]
    return list(dict.fromkeys([*accounts.missing(sold), *accounts.missing_on(lines)]))


def _of_accrual(export: BookExport) -> Pending:
    if export.as_of is None:
        return Pending(0, "amount")
    found = accrual.unbilled_at(export.seller, export.as_of)
    accounts = Accounts(export.seller, export.company_name)
    wanted = (("revenue", ""), ("unbilled", "")) if found else ()
    return Pending(len(found), "amount", accrual.sums_of(found), tuple(accounts.missing(wanted)))
