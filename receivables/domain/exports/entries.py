"""Documents of the ledger with the lines they came from: stored amounts, never computed again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.document.content_lines import charged_line
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import Product, ProductRevision
from leads.models.revision import fact_on
from receivables.models import LedgerDocument, Posting

Account = Posting.Account
INVOICES = (LedgerDocument.Kind.INVOICE, LedgerDocument.Kind.VOID)
# What QuickBooks, Xero and NetSuite take as an invoice or a credit note.
SALES = (*INVOICES, LedgerDocument.Kind.CREDIT_NOTE)
LONGEST_DESCRIPTION = 4_000


class BooksDiffer(Refused):
    """A file is offered only if it adds up to the ledger."""

    code = "books_differ"


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line of a document: its amount and its share of each tax, positive if they raise the document's amount."""

    description: str
    amount: Decimal
    taxes: Mapping[str, Decimal]
    product: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its postings, and with its lines if it is a sale."""

    document: LedgerDocument
    postings: Sequence[Posting]
    lines: Sequence[EntryLine] = ()

    def posted(self, account: str, tax: str = "") -> Decimal:
        """What the document moves in an account, positive if it raises the document's amount."""
        found = (each.amount for each in self.postings if each.account == account and tax in ("", each.tax))
        moved = sum(found, money.ZERO)
        is_owed = self.document.side == LedgerDocument.Side.DEBIT
        return moved if (account == Account.RECEIVABLE) == is_owed else -moved

    @property
    def taxes(self) -> list[str]:
        """The taxes it posts."""
        return [each.tax for each in self.postings if each.account == Account.TAX]


def entries_of(documents: Iterable[LedgerDocument]) -> list[Entry]:
    """Read the documents with their lines, in a bounded number of queries. Raises BooksDiffer if lines and postings differ."""
    found = list(documents)
    postings = defaultdict[int, list[Posting]](list)
    for posting in Posting.objects.filter(document__in=found).order_by("pk"):
        postings[posting.document_id].append(posting)
    lines = _lines_of_invoices({each.invoice_id for each in found if each.invoice_id})
    return [_entry(each, postings[each.pk], lines) for each in found]


def _entry(document: LedgerDocument, postings: Sequence[Posting], lines: Mapping[int, Sequence[EntryLine]]) -> Entry:
    entry = Entry(document, postings)
    if document.kind not in SALES:
        return entry
    if document.invoice_id:
        its = lines[document.invoice_id]
        # Of an invoice below zero, which stands on the credit side, all signs turn; of its void, as of any, none.
        is_below_zero = (document.kind == LedgerDocument.Kind.INVOICE) != (document.side == LedgerDocument.Side.DEBIT)
        its = [_turned(line) for line in its] if is_below_zero else its
    else:
        its = [_whole(entry)]
    entry = Entry(document, postings, its)
    _check(entry)
    return entry


def _whole(entry: Entry) -> EntryLine:
    taxes = {tax: entry.posted(Account.TAX, tax) for tax in entry.taxes}
    return EntryLine(clean(str(entry.document)), entry.posted(Account.REVENUE), taxes)


def _turned(line: EntryLine) -> EntryLine:
    return EntryLine(line.description, -line.amount, {tax: -amount for tax, amount in line.taxes.items()}, line.product)


def _check(entry: Entry) -> None:
    sums = defaultdict[str, Decimal](Decimal)
    for line in entry.lines:
        sums[""] += line.amount
        for tax, amount in line.taxes.items():
            sums[tax] += amount
    posted = {"": entry.posted(Account.REVENUE)} | {tax: entry.posted(Account.TAX, tax) for tax in entry.taxes}
    if any(sums[name] != posted.get(name, money.ZERO) for name in {*sums, *posted}):
        raise BooksDiffer(f"The lines of {entry.document} do not add up to what it posted.")


def _lines_of_invoices(invoices: set[int]) -> dict[int, list[EntryLine]]:
    charged = InvoiceLine.objects.exclude(kind=InvoiceLine.Kind.NOT_CHARGED).order_by("position")
    found = Invoice.objects.filter(pk__in=invoices).select_related("period", "customer")
    with_lines = found.prefetch_related(
        Prefetch("lines", charged.select_related("rule", "invoice__customer")),
        Prefetch("taxes", InvoiceTax.objects.order_by("position")),
    )
    return {invoice.pk: _lines_of(invoice) for invoice in with_lines}


def _lines_of(invoice: Invoice) -> list[EntryLine]:
    lines, taxes = list(invoice.lines.all()), [tax for tax in invoice.taxes.all() if tax.amount]
    category_of = _categories(invoice, lines) if any(tax.categories for tax in taxes) else {}
    shares = [dict[str, Decimal]() for _ in lines]
    for tax in taxes:
        taxed = {part["category"] for part in tax.categories}
        on = [place for place, line in enumerate(lines) if not taxed or category_of.get(line.product_id) in taxed]
        for place, share in zip(on, _shares([lines[place].amount for place in on], tax, invoice.currency), strict=True):
            shares[place][str(tax)] = share
    return [
        EntryLine(in_words(line, invoice.currency), line.amount, its, line.product_id)
        for line, its in zip(lines, shares, strict=True)
    ]


def _shares(amounts: Sequence[Decimal], tax: InvoiceTax, currency: str) -> list[Decimal]:
    """Share a tax, which was rounded once, among the lines it is on, so that they add up to it."""
    return money.spread([amount * tax.amount / tax.base for amount in amounts], currency)


def _categories(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[int | None, str]:
    """The categories that the invoice's taxes went by."""
    products = Product.objects.filter(pk__in={line.product_id for line in lines if line.product_id})
    category = fact_on(ProductRevision, "category", invoice.period.first_day)
    return {pk: found or "" for pk, found in products.values_list("pk", category)}


def in_words(line: InvoiceLine, currency: str) -> str:
    """The line with its quantity and unit price in words: the file says 1 × amount, so nobody multiplies again."""
    if line.kind != InvoiceLine.Kind.CHARGES:
        return clean(line.description)[:LONGEST_DESCRIPTION]
    shown = charged_line(line, currency)
    parts = [f"{shown.quantity} {shown.unit}".strip() + (f" at {shown.unit_price}" if shown.unit_price else "")]
    parts += [f"{tier.tier}: {tier.quantity} at {tier.unit_price} = {tier.amount}" for tier in shown.tiers]
    return f"{shown.description}: {'; '.join([*parts, *shown.notes])}"[:LONGEST_DESCRIPTION]
