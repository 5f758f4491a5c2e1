"""What is open, indexed once for a whole file: by reference, by number, by sum and by customer; and who paid before."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from invoices.domain.document.payment_reference import BEGINS, payment_reference, references_in
from leads.models import Customer
from receivables.domain.ledger.items import LEFT, with_left
from receivables.models import LedgerDocument, Payment

WORDS = re.compile(r"[A-Z0-9]+")
LEAST_CHARACTERS = 6  # of an invoice number that is written without its signs
MOST_WORDS = 6
OwedIn = tuple[int | None, str]  # a company of ours, and a currency


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice with what is left of it."""

    pk: int
    customer: int
    number: str
    seller: int | None  # None: the seller in the settings
    currency: str
    left: Decimal

    @property
    def owed_in(self) -> OwedIn:
        """To which company of ours it is owed, in which currency."""
        return self.seller, self.currency


class OpenItems:
    """Every open invoice, oldest due first, and the payers of earlier payments."""

    def __init__(self) -> None:
        self.by_reference = defaultdict[str, list[OpenItem]](list)
        self.by_number = defaultdict[str, list[OpenItem]](list)
        self.by_sum = defaultdict[tuple[OwedIn, Decimal], list[OpenItem]](list)
        self.by_customer = defaultdict[tuple[int, OwedIn], list[OpenItem]](list)
        for item in _open_invoices():
            self.by_reference[payment_reference(item.number)].append(item)
            self.by_number[_plain(item.number)].append(item)
            self.by_sum[item.owed_in, item.left].append(item)
            self.by_customer[item.customer, item.owed_in].append(item)
        self._by_account, self._by_name = _payers()

    def named_in(self, text: str, reference: str) -> list[OpenItem]:
        """The invoices that the text names: by the printed reference first; without one, by whole numbers."""
        written = dict.fromkeys((*references_in(reference), *references_in(text)))
        found = [item for each in written for item in self.by_reference.get(each, [])]
        if not found:
            found = [item for each in _numbers_in(text) for item in self.by_number.get(each, [])]
        return list(dict.fromkeys(found))

    def customers_of(self, account: str, name: str) -> set[int]:
        """Whom earlier payments of this payer were for: by the account, or without one by the name."""
        return self._by_account.get(account, set()) if account else self._by_name.get(_plain(name), set())


def is_mistyped(number: str, text: str) -> bool:
    """Whether the text has this invoice's printed reference with other check digits."""
    right = payment_reference(number)
    runs = _numbers_in(text)
    return any(BEGINS.match(run) and run[4:] == right[4:] and run != right for run in runs)


def _open_invoices() -> Iterator[OpenItem]:
    kinds = LedgerDocument.objects.filter(kind=LedgerDocument.Kind.INVOICE, side=LedgerDocument.Side.DEBIT)
    rows = with_left(kinds, open_only=True).order_by("due_on", "posted_on", "pk")
    for row in rows.values_list("pk", "customer_id", "reference", "seller_id", "currency", LEFT):
        yield OpenItem(*row)


def _payers() -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    accounts, names = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    payments = Payment.objects.filter(document__kind=LedgerDocument.Kind.PAYMENT, undoes=None)
    payments = payments.exclude(document__undone_by__document__kind=LedgerDocument.Kind.RETURN)
    for account, name, customer in payments.values_list("payer_account", "payer_name", "document__customer").distinct():
        if account:
            accounts[account].add(customer)
        if name:
            names[_plain(name)].add(customer)
    for customer, name in Customer.objects.values_list("pk", "name"):
        names[_plain(name)].add(customer)
    names.pop("", None)
    return accounts, names


def _plain(text: str) -> str:
    """Its letters and digits alone."""
    return "".join(WORDS.findall(text.upper()))


def _numbers_in(text: str) -> Iterable[str]:
    """Every run of whole words, written together: `INV 2026-000398` has INV2026000398, and no 398."""
    words = WORDS.findall(text.upper())
    for first in range(len(words)):
        written = ""
        for word in words[first : first + MOST_WORDS]:
            written += word
            if len(written) >= LEAST_CHARACTERS:
                yield written
