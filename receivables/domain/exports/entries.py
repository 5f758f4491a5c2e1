"""Documents of the ledger with their lines, and what every file of them has: stored amounts, never computed again."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.db.models import Q

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.document.taxed_lines import TaxedLine, taxed_lines_of
from invoices.domain.wording import clean
from receivables.domain.credit_notes.taxed_lines import credited_lines_of
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.file import Cell, number
from receivables.models import LedgerDocument, Posting

Account = Posting.Account
# What QuickBooks, Xero and NetSuite take as an invoice or a credit note.
SALES = (LedgerDocument.Kind.INVOICE, LedgerDocument.Kind.VOID, LedgerDocument.Kind.CREDIT_NOTE)


class BooksDiffer(Refused):
    """A file is offered only if it adds up to the ledger."""

    code = "books_differ"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its postings, and with its lines if it is a sale."""

    document: LedgerDocument
    postings: Sequence[Posting]
    lines: Sequence[TaxedLine] = ()

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
    lines = taxed_lines_of({each.invoice_id for each in found if each.invoice_id})
    credited = credited_lines_of({each.pk for each in found if each.kind == LedgerDocument.Kind.CREDIT_NOTE})
    return [_entry(each, postings[each.pk], lines, credited) for each in found]


def _entry(
    document: LedgerDocument,
    postings: Sequence[Posting],
    lines: Mapping[int, Sequence[TaxedLine]],
    credited: Mapping[int, Sequence[TaxedLine]],
) -> Entry:
    entry = Entry(document, postings)
    if document.kind not in SALES:
        return entry
    if document.invoice_id:
        its = lines[document.invoice_id]
        # Of an invoice below zero, which stands on the credit side, all signs turn; of its void, as of any, none.
        is_below_zero = (document.kind == LedgerDocument.Kind.INVOICE) != (document.side == LedgerDocument.Side.DEBIT)
        its = [line.turned for line in its] if is_below_zero else its
    else:
        its = credited.get(document.pk) or [_whole(entry)]
    entry = Entry(document, postings, its)
    _check(entry)
    return entry


def _whole(entry: Entry) -> TaxedLine:
    taxes = {tax: entry.posted(Account.TAX, tax) for tax in entry.taxes}
    return TaxedLine(clean(str(entry.document)), entry.posted(Account.REVENUE), taxes)


def _check(entry: Entry) -> None:
    sums = defaultdict[str, Decimal](Decimal)
    for line in entry.lines:
        sums[""] += line.amount
        for tax, amount in line.taxes.items():
            sums[tax] += amount
    posted = {"": entry.posted(Account.REVENUE)} | {tax: entry.posted(Account.TAX, tax) for tax in entry.taxes}
    if any(sums[name] != posted.get(name, money.ZERO) for name in {*sums, *posted}):
        raise BooksDiffer(f"The lines of {entry.document} do not add up to what it posted.")


Side = LedgerDocument.Side
Row = Mapping[str, str]


class Form(ABC):
    """One kind of file of documents."""

    header: ClassVar[Sequence[str]]
    documents: ClassVar[Q]  # which documents of the ledger it takes
    most_documents: ClassVar[int] = 10_000
    most_rows: ClassVar[int | None] = None
    needs_tax_codes: ClassVar[bool] = False

    @abstractmethod
    def rows(self, entry: Entry, accounts: Accounts) -> list[Sequence[Cell]]:
        """The rows of one document. Raises NoAccount."""

    @abstractmethod
    def differs(self, entry: Entry, rows: Sequence[Row], accounts: Accounts) -> bool:
        """Whether a document's rows, read back, say something else than the ledger."""

    @abstractmethod
    def key(self, row: Row) -> str:
        """Which document a row belongs to, as `key_of` says it."""

    @abstractmethod
    def key_of(self, entry: Entry) -> str:
        """The document as its rows name it."""

    def sum_of(self, entry: Entry) -> Decimal:
        """What a document adds to the sum of the file."""
        return entry.document.amount


class SalesForm(Form):
    """A file of invoices, or of credit notes, line by line: one quantity at the line's stored amount."""

    needs_tax_codes = True
    number: ClassVar[str]  # the columns that are read back
    net: ClassVar[str]
    tax: ClassVar[str]

    def key(self, row: Row) -> str:
        return row[self.number]

    def key_of(self, entry: Entry) -> str:
        return entry.document.reference

    def differs(self, entry: Entry, rows: Sequence[Row], accounts: Accounts) -> bool:
        net = sum((number(row[self.net]) for row in rows), money.ZERO)
        tax = sum((number(row[self.tax]) for row in rows), money.ZERO)
        return (net, tax, net + tax) != (
            entry.posted(Account.REVENUE),
            entry.posted(Account.TAX),
            entry.document.amount,
        )


INVOICES = Q(kind__in=SALES, side=Side.DEBIT)
CREDIT_NOTES = Q(kind__in=SALES, side=Side.CREDIT)  # also invoices below zero, and what voids an invoice


class JournalForm(Form):
    """A file of postings: per document, debits equal credits."""

    documents = Q()
    account: ClassVar[str]  # the columns that are read back
    debit: ClassVar[str]
    credit: ClassVar[str]
    id: ClassVar[str]

    def key(self, row: Row) -> str:
        return row[self.id]

    def sum_of(self, entry: Entry) -> Decimal:
        return sum((each.amount for each in entry.postings if each.amount > 0), money.ZERO)

    def differs(self, entry: Entry, rows: Sequence[Row], accounts: Accounts) -> bool:
        """Compare account by account; revenue, which is split by product, in total."""
        found = defaultdict[str, Decimal](Decimal)
        for row in rows:
            found[row[self.account]] += number(row[self.debit]) - number(row[self.credit])
        revenue = money.ZERO
        for posting in entry.postings:
            if posting.account == Account.REVENUE:
                revenue += posting.amount
            else:
                found[accounts.code(posting.account, tax=posting.tax)] -= posting.amount
        is_balanced = sum((each.amount for each in entry.postings), money.ZERO) == 0
        allowed = {accounts.code(Account.REVENUE, product=line.product) for line in entry.lines}
        strange = any(amount for code, amount in found.items() if code not in allowed)
        return not is_balanced or sum(found.values(), money.ZERO) != revenue or strange

    def moves(self, entry: Entry, accounts: Accounts) -> list[tuple[str, str, str, Decimal]]:
        """Account there, account here, description and amount of each row; revenue is split by the products' accounts."""
        rows = list[tuple[str, str, str, Decimal]]()
        for posting in entry.postings:
            if posting.account == Account.REVENUE:
                rows += _revenue(entry, posting.amount, accounts)
            else:
                code = accounts.code(posting.account, tax=posting.tax)
                rows.append((code, posting.get_account_display(), posting.tax, posting.amount))
        return rows


def _revenue(entry: Entry, amount: Decimal, accounts: Accounts) -> list[tuple[str, str, str, Decimal]]:
    sums = defaultdict[str, Decimal](Decimal)
    sign = -1 if entry.document.side == Side.DEBIT else 1
    for line in entry.lines:
        sums[accounts.code(Account.REVENUE, product=line.product)] += sign * line.amount
    if not sums:
        sums[accounts.code(Account.REVENUE)] = amount
    return [(code, Account.REVENUE.label, "", part) for code, part in sorted(sums.items()) if part]
