"""What a customer owes today: open items with what of them is disputed. *Open* is all of it; *to pay* leaves that out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.core.money import ZERO
from leads.models import Customer
from receivables.domain.disputes.disputed import disputed_of, to_pay
from receivables.domain.ledger.open_items import Basis, OpenItem, Scope, open_items
from receivables.models import LedgerDocument


@dataclass(frozen=True, slots=True)
class OwedItem:
    """An open invoice or another debit item, and what of it is disputed."""

    item: OpenItem
    disputed: Decimal

    @property
    def to_pay(self) -> Decimal:
        """What is to be paid of it now."""
        return to_pay(self.item.left, self.disputed)


@dataclass(frozen=True, slots=True)
class Owed:
    """All open items in one currency, the oldest due day first, and credit that is not used yet."""

    today: date
    currency: str
    items: Sequence[OwedItem]
    unapplied: Decimal

    @property
    def open(self) -> Decimal:
        """All that is outstanding, before credit that is not used yet."""
        return sum((each.item.left for each in self.items), ZERO)

    @property
    def disputed(self) -> Decimal:
        """What of it is disputed."""
        return sum((each.disputed for each in self.items), ZERO)

    @property
    def to_pay(self) -> Decimal:
        """What is to be paid now or by its due day."""
        return sum((each.to_pay for each in self.items), ZERO)

    @property
    def overdue(self) -> Sequence[OwedItem]:
        """The items past due, as far as they are not disputed."""
        return [each for each in self.items if each.item.due_on < self.today and each.to_pay > 0]

    @property
    def due_later(self) -> Sequence[OwedItem]:
        """The items that are due today or later, as far as they are not disputed."""
        return [each for each in self.items if each.item.due_on >= self.today and each.to_pay > 0]


def owed_by(customer: Customer, *, on: date, currency: str = "") -> Owed:
    """Return what the customer owes in a currency, their own unless another is named."""
    known = currency or customer.currency
    items = list(open_items(Basis(on), Scope([customer.pk], known)))
    disputed = disputed_of(customers=[customer.pk])
    debits = [item for item in items if item.side == LedgerDocument.Side.DEBIT]
    credit = sum((item.left for item in items if item.side == LedgerDocument.Side.CREDIT), ZERO)
    owed = [OwedItem(item, min(disputed.get(item.invoice or 0, ZERO), item.left)) for item in debits]
    return Owed(on, known, owed, credit)
