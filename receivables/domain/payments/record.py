"""Record payments, each with what it settles."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match, oldest_first
from receivables.domain.ledger.items import with_left
from receivables.domain.ledger.post import Part, Way, against_receivable, post
from receivables.domain.payments.posting_day import check_day
from receivables.models import BankAccount, LedgerDocument, Payment

PAYMENT_RECORDED = Verb("payment_recorded", "Payment recorded")

Kind = LedgerDocument.Kind
REFERENCE_LENGTH = 140
EVERYTHING = Decimal(10) ** 30


class PaymentHasFaults(HasFaults):
    """A payment that can't be recorded."""

    code = "payment_has_faults"


class UnknownItems(Refused):
    """The customer owes nothing with such a number."""

    code = "unknown_items"


class OtherCompany(Refused):
    """Money of one company of ours never settles what is owed to another."""

    code = "owed_to_another_company"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Money that came in: from whom, when, how much, and with which words."""

    customer: Customer
    on: date
    amount: Decimal
    reference: str
    currency: str = ""
    account: BankAccount | None = None
    method: str = Payment.Method.TRANSFER
    details: dict[str, object] = field(default_factory=dict)
    way: Way = field(default_factory=Way)


@transaction.atomic
def record_payment(
    received: Received,
    *,
    by: User,
    at: datetime,
    settles: Sequence[LedgerDocument] | None = None,
) -> LedgerDocument:
    """Post a payment and match it, on its day, to the items that it settles, in their order; the rest stays unapplied.

    `settles` are debit items; None: everything the customer owes, oldest first. Raises PaymentHasFaults or WrongDay.
    """
    check_payment(received)
    check_day(received.on, received.customer, at=at)
    Customer.objects.select_for_update(no_key=True).get(pk=received.customer.pk)
    [document] = post([payment_of(received, seller_of(received, settles, at), by=by, at=at)])
    Payment.objects.create(document=document, **details_of(received))
    matches = plan(document, owed(document, settles))
    match(matches, on=received.on, at=at, person=by)
    record(PAYMENT_RECORDED, on=document, by=by, also=[received.customer], after=told(document, matches))
    return document


def check_payment(received: Received) -> None:
    """Raise PaymentHasFaults unless it is an amount that can be paid, into an account of its currency."""
    currency, account = received.currency or received.customer.currency, received.account
    faults = list[FieldFault]()
    if not received.amount.is_finite() or received.amount >= money.LARGEST:
        faults.append(FieldFault("amount", "not_an_amount", "Enter an amount that a customer can pay."))
    elif received.amount <= 0:
        faults.append(FieldFault("amount", "not_positive", "Enter an amount above zero."))
    elif not money.fits(received.amount, currency):
        faults.append(FieldFault("amount", "not_payable", money.no_fraction_in_words(currency)))
    if not received.reference.strip():
        faults.append(FieldFault("reference", "required", "Enter what the payer wrote, or how you know of it."))
    if account is not None and account.currency != currency:
        words = f"{account} is in {account.currency}, the payment in {currency}."
        faults.append(FieldFault("account", "other_currency", words))
    if faults:
        raise PaymentHasFaults(faults)


def payment_of(
    received: Received, seller: int | None, *, by: User | None, at: datetime
) -> tuple[LedgerDocument, list[Part]]:
    """The unsaved document of a payment to one of our companies, with its parts."""
    document = LedgerDocument(
        kind=Kind.PAYMENT,
        customer=received.customer,
        seller_id=seller,
        currency=received.currency or received.customer.currency,
        reference=" ".join(received.reference.split())[:REFERENCE_LENGTH],
        posted_on=received.on,
        recorded_at=at,
        recorded_by=by,
    )
    return document, against_receivable(document, received.way.moves(received.amount))


def details_of(received: Received) -> dict[str, object]:
    """What is kept of it beside its document."""
    return {"account": received.account, "method": received.method, **received.details}


def owed(document: LedgerDocument, chosen: Sequence[LedgerDocument] | None) -> list[LedgerDocument]:
    """The open debit items that a credit item can settle, oldest first; or of these the chosen ones, in their order.

    Raises OtherCompany if one is chosen that is owed to another company of ours.
    """
    found = list(open_debits(document.customer_id, document.currency).filter(seller=document.seller_id))
    if chosen is None:
        return found
    if others := [str(item) for item in chosen if item.seller_id != document.seller_id]:
        raise OtherCompany(f"{', '.join(others)}: owed to another company than the one that {document} belongs to.")
    by_key = {item.pk: item for item in found}
    return [by_key[item.pk] for item in chosen if item.pk in by_key]


def open_debits(customer: int, currency: str) -> QuerySet[LedgerDocument]:
    """What a customer owes in a currency, oldest due first."""
    items = LedgerDocument.objects.filter(customer=customer, currency=currency, side=LedgerDocument.Side.DEBIT)
    return with_left(items, open_only=True).order_by("due_on", "posted_on", "pk")


def items_named(text: str, customer: Customer, currency: str) -> list[LedgerDocument] | None:
    """The open items with these numbers, separated by spaces or commas, in their order; None without any.

    Raises UnknownItems.
    """
    numbers = text.replace(",", " ").split()
    found = {item.reference: item for item in open_debits(customer.pk, currency)} if numbers else {}
    if missing := [number for number in numbers if number not in found]:
        raise UnknownItems(f"Nothing open of {customer} in {currency} has the number {', '.join(missing)}.")
    return [found[number] for number in numbers] or None


def plan(document: LedgerDocument, debits: Sequence[LedgerDocument]) -> list[Match]:
    """What a new credit item settles of these."""
    document.left = document.amount
    return oldest_first([document], debits, EVERYTHING)


def told(document: LedgerDocument, matches: Sequence[Match]) -> dict[str, object]:
    """What a deed says about a document and what it settled."""
    said = money.in_words(document.amount, document.currency)
    return {"amount": said, "day": document.posted_on, "settles": [str(each.debit) for each in matches]}


def seller_of(received: Received, settles: Sequence[LedgerDocument] | None, at: datetime) -> int | None:
    """The company of ours that was paid: whose account it is, else to whom what it settles first is owed, else who bills now."""
    if received.account:
        return received.account.seller_id
    customer = received.customer
    first = next(iter(settles or ()), None) or open_debits(customer.pk, received.currency or customer.currency).first()
    return first.seller_id if first else customer.terms.on(customer.day_of(at)).seller_id
