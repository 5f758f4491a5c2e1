"""Post documents: each with its postings, balanced to the last digit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from billing_engine.core import money
from receivables.models import LedgerDocument, Posting

Account = Posting.Account
Side = LedgerDocument.Side


@dataclass(frozen=True, slots=True)
class Part:
    """An amount moved into an account (positive) or out of it (negative)."""

    account: Posting.Account
    amount: Decimal
    tax: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Where money comes in or goes out: to cash or to money in transit, and the fee that is kept of it."""

    account: Posting.Account = Account.CASH
    fee: Decimal = money.ZERO

    def moves(self, amount: Decimal) -> list[Part]:
        """Return the parts of an amount that came in (positive) or went out (negative)."""
        return [Part(self.account, amount - self.fee), Part(Account.FEES, self.fee)]


def against_receivable(document: LedgerDocument, parts: Iterable[Part]) -> list[Part]:
    """Return the parts with that of the receivable account, which balances them."""
    parts = [part for part in parts if part.amount]
    owed = -sum((part.amount for part in parts), money.ZERO)
    document.side, document.amount = (Side.CREDIT if owed < 0 else Side.DEBIT), abs(owed)
    return [*parts, Part(Account.RECEIVABLE, owed)] if owed else parts


@transaction.atomic
def post(documents: Sequence[tuple[LedgerDocument, Sequence[Part]]]) -> list[LedgerDocument]:
    """Store unsaved documents with their postings; the database refuses what does not balance."""
    stored = LedgerDocument.objects.bulk_create(document for document, _ in documents)
    Posting.objects.bulk_create(
        Posting(document=document, account=part.account, tax=part.tax, amount=part.amount)
        for document, parts in documents
        for part in parts
    )
    return stored
