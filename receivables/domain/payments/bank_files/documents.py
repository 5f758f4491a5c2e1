"""The documents that rows of a bank file become, and the ones that undo them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.contrib.auth.models import User

from leads.models import Customer
from receivables.domain.ledger.post import Account, Part, against_receivable
from receivables.domain.payments.record import REFERENCE_LENGTH
from receivables.models import BankRow, LedgerDocument, Payment

Kind = LedgerDocument.Kind


def reference_of(row: BankRow) -> str:
    """What the payer wrote, or who it was."""
    said = " ".join(f"{row.reference} {row.text}".split()) or row.payer_name or str(row)
    return said[:REFERENCE_LENGTH]


def payment_from(row: BankRow, day: date, *, by: User | None, at: datetime) -> tuple[LedgerDocument, list[Part]]:
    """The unsaved payment of a row, with its parts."""
    document = LedgerDocument(
        kind=Kind.PAYMENT,
        customer=row.customer,
        seller_id=row.statement.account.seller_id,
        currency=row.currency,
        reference=reference_of(row),
        posted_on=day,
        recorded_at=at,
        recorded_by=by,
    )
    return document, against_receivable(document, [Part(Account.CASH, row.amount)])


def details_from(row: BankRow, document: LedgerDocument) -> Payment:
    """What is kept of the row beside its payment."""
    return Payment(
        document=document,
        account_id=row.statement.account_id,
        row=row,
        payer_name=row.payer_name,
        payer_account=row.payer_account,
    )


def return_from(
    payment: LedgerDocument, day: date, why: str, *, by: User | None, at: datetime
) -> tuple[LedgerDocument, list[Part]]:
    """The unsaved return of a whole payment, with its parts."""
    document = LedgerDocument(
        kind=Kind.RETURN,
        customer_id=payment.customer_id,
        seller_id=payment.seller_id,
        currency=payment.currency,
        reference=f"{payment.reference[:100]}: {why}",
        posted_on=day,
        recorded_at=at,
        recorded_by=by,
    )
    return document, against_receivable(document, [Part(Account.CASH, -payment.amount)])


def details_of_return(payment: Payment, document: LedgerDocument, why: str) -> Payment:
    """What is kept beside the return of a payment."""
    return Payment(
        document=document,
        account_id=payment.account_id,
        method=payment.method,
        payer_name=payment.payer_name,
        payer_account=payment.payer_account,
        row_id=payment.row_id,
        undoes_id=payment.document_id,
        note=why,
    )


def by_today(payments: Iterable[LedgerDocument], at: datetime) -> dict[date, list[LedgerDocument]]:
    """Payments by what day it is for their customers."""
    found, owned = defaultdict[date, list[LedgerDocument]](list), list(payments)
    customers = Customer.objects.in_bulk({each.customer_id for each in owned})
    for each in owned:
        found[customers[each.customer_id].day_of(at)].append(each)
    return found
