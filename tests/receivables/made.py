"""Documents of the ledger for tests, posted the way the product posts them."""

from datetime import UTC, date, datetime
from decimal import Decimal

from leads.models import Company, Customer
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.models import LedgerDocument

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
CONTRA = {
    LedgerDocument.Kind.CREDIT_NOTE: (Account.REVENUE, 1),
    LedgerDocument.Kind.PAYMENT: (Account.CASH, 1),
    LedgerDocument.Kind.WRITE_OFF: (Account.BAD_DEBT, 1),
    LedgerDocument.Kind.REFUND: (Account.CASH, -1),
    LedgerDocument.Kind.RETURN: (Account.CASH, -1),
}


def a_document(
    customer: Customer,
    kind: LedgerDocument.Kind,
    amount: str | int | Decimal,
    *,
    on: date | None = None,
    due: date | None = None,
    at: datetime = AT,
    currency: str = "",
    reference: str = "",
    seller: Company | None = None,
) -> LedgerDocument:
    """A posted document: money, a credit note or a write-off."""
    account, sign = CONTRA[kind]
    document = LedgerDocument(
        kind=kind,
        customer=customer,
        seller=seller,
        currency=currency or customer.currency,
        reference=reference or f"{kind} {amount}",
        posted_on=on or customer.day_of(at),
        due_on=due,
        recorded_at=at,
    )
    parts = against_receivable(document, [Part(account, sign * Decimal(amount))])
    return post([(document, parts)])[0]
