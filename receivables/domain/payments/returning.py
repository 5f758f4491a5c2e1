"""Money that goes back: refunds of unapplied credit, returned payments, and returns whose money came in again."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from receivables.domain.ledger.allocations import Match, match, oldest_first, standing, take_back
from receivables.domain.ledger.items import locked, with_left
from receivables.domain.ledger.post import Way, against_receivable, post
from receivables.domain.payments.allocate import is_payback
from receivables.domain.payments.posting_day import check_day
from receivables.models import Allocation, BankAccount, LedgerDocument, Payment

REFUNDED = Verb("payment_refunded", "Refunded")
RETURNED = Verb("payment_returned", "Returned")
CAME_BACK = Verb("payment_came_back", "Money came in again")

Kind = LedgerDocument.Kind
CASH = Way()
REFUNDABLE = (Kind.PAYMENT, Kind.CREDIT_NOTE, Kind.INVOICE)


class NotReturned(HasFaults):
    """This can't be refunded or returned, or not as much."""

    code = "not_returned"


@transaction.atomic
def refund(
    credit: LedgerDocument,
    amount: Decimal,
    *,
    on: date,
    by: User,
    at: datetime,
    reason: str,
    account: BankAccount | None = None,
) -> LedgerDocument:
    """Pay back what is left of a credit item, or a part of it. Raises NotReturned or WrongDay."""
    check_day(on, credit.customer, at=at)
    found = locked([credit.pk])[credit.pk]
    if found.kind not in REFUNDABLE or found.side != LedgerDocument.Side.CREDIT:
        raise _fault(f"A {found.get_kind_display().lower()} is not money that could be refunded.")
    _check_amount(amount, found.left, found, "left to refund")
    document = _pay_out(Kind.REFUND, found, amount, on=on, by=by, at=at, reason=reason, account=account)
    match([Match(found, document, amount)], on=_today(found, at), at=at, person=by, reason="refunded")
    record(REFUNDED, on=document, by=by, reason=reason, also=[found], after=_told(document))
    return document


@transaction.atomic
def return_payment(
    payment: LedgerDocument,
    *,
    on: date,
    by: User | None,
    at: datetime,
    reason: str,
    amount: Decimal | None = None,
    way: Way = CASH,
) -> LedgerDocument:
    """Book that a payment, or a part of it, bounced or was charged back: what it settled is open again.

    What was refunded of it is not returned as well. Raises NotReturned or WrongDay.
    """
    check_day(on, payment.customer, at=at)
    found = locked([payment.pk])[payment.pk]
    most = returnable(found)
    if found.kind != Kind.PAYMENT or not most:
        raise _fault(f"{found} was already returned or refunded.")
    asked = most if amount is None else amount
    _check_amount(asked, most, found, "left to return")
    freed = _freed(found, asked, by=by, at=at)
    document = _pay_out(Kind.RETURN, found, asked, on=on, by=by, at=at, reason=reason, way=way)
    today = _today(found, at)
    match([Match(found, document, asked)], on=today, at=at, person=by, reason="returned")
    _settle_again(found, [each.debit for each in freed], by=by, at=at)
    record(RETURNED, on=document, by=by, reason=reason, also=[found], after=_told(document))
    return document


@transaction.atomic
def come_back(
    returned: LedgerDocument, *, on: date, by: User | None, at: datetime, reason: str, way: Way = CASH
) -> LedgerDocument:
    """Book that the money of a return or refund came in again, for exactly what went out.

    It settles what the return opened, as far as that is still open. Raises NotReturned or WrongDay.
    """
    check_day(on, returned.customer, at=at)
    found = locked([returned.pk])[returned.pk]
    if why := why_not_come_back(found):
        raise _fault(why)
    document = _document(Kind.PAYMENT, found, reference=f"{found.reference}: {reason}", on=on, by=by, at=at)
    post([(document, against_receivable(document, way.moves(found.amount)))])
    first = Payment.objects.select_related("undoes").get(document=found)
    Payment.objects.create(
        document=document,
        account=first.account,
        method=first.method,
        undoes=found,
        note=reason,
        payer_name=first.payer_name,
        payer_account=first.payer_account,
    )
    opened = Allocation.objects.filter(credit=first.undoes_id, taken_back_by__recorded_at=found.recorded_at)
    _settle_again(document, [each.debit for each in opened.select_related("debit").order_by("pk")], by=by, at=at)
    record(CAME_BACK, on=document, by=by, reason=reason, also=[found], after=_told(document))
    return document


def returnable(payment: LedgerDocument) -> Decimal:
    """What of a payment could still be returned: all but what was refunded or returned before."""
    gone = (each.amount for each in standing(payment) if is_payback(each))
    return payment.amount - sum(gone, money.ZERO)


def why_not_come_back(returned: LedgerDocument) -> str:
    """Why the money of this document can't come in again; "" if it can."""
    if returned.kind not in (Kind.RETURN, Kind.REFUND):
        return f"Only a return or a refund can come in again, not a {returned.get_kind_display().lower()}."
    if Payment.objects.filter(undoes=returned).exists():
        return f"The money of {returned} came in again already."
    return ""


def _freed(payment: LedgerDocument, asked: Decimal, *, by: User | None, at: datetime) -> list[Allocation]:
    """Take back the latest allocations until as much is left of the payment as was asked."""
    free, freed = payment.left, list[Allocation]()
    for each in reversed(standing(payment)):
        if free >= asked:
            break
        if not is_payback(each):
            freed.append(each)
            free += each.amount
    take_back(freed, on=_today(payment, at), at=at, person=by, reason="returned")
    return freed


def _settle_again(credit: LedgerDocument, debits: Sequence[LedgerDocument], *, by: User | None, at: datetime) -> None:
    """Match what is left of a credit item to these items, as far as they are open."""
    rows = with_left(LedgerDocument.objects.filter(pk__in=[credit.pk, *(each.pk for each in debits)]))
    left = {item.pk: item for item in rows}
    in_order = [left[pk] for pk in dict.fromkeys(each.pk for each in debits)]
    matches = oldest_first([left[credit.pk]], in_order, left[credit.pk].left)
    match(matches, on=_today(credit, at), at=at, person=by)


def _pay_out(
    kind: LedgerDocument.Kind,
    credit: LedgerDocument,
    amount: Decimal,
    *,
    on: date,
    by: User | None,
    at: datetime,
    reason: str,
    account: BankAccount | None = None,
    way: Way = CASH,
) -> LedgerDocument:
    """Post money that goes out, with what it undoes."""
    if not reason.strip():
        raise NotReturned([FieldFault("reason", "required", "Say why.")])
    document = _document(kind, credit, reference=f"{credit.reference}: {reason}", on=on, by=by, at=at)
    post([(document, against_receivable(document, way.moves(-amount)))])
    first = Payment.objects.filter(document=credit).first() or Payment()
    Payment.objects.create(
        document=document,
        account=account or first.account,
        method=first.method,
        payer_name=first.payer_name,
        payer_account=first.payer_account,
        undoes=credit,
        note=reason,
    )
    return document


def _document(
    kind: LedgerDocument.Kind, like: LedgerDocument, *, reference: str, on: date, by: User | None, at: datetime
) -> LedgerDocument:
    return LedgerDocument(
        kind=kind,
        customer=like.customer,
        seller_id=like.seller_id,
        currency=like.currency,
        reference=reference[:140],
        posted_on=on,
        recorded_at=at,
        recorded_by=by,
    )


def _check_amount(amount: Decimal, most: Decimal, item: LedgerDocument, what: str) -> None:
    if amount <= 0 or not money.fits(amount, item.currency):
        raise _fault(f"Enter an amount above zero. {money.no_fraction_in_words(item.currency)}")
    if amount > most:
        words = money.in_words(most, item.currency), money.in_words(amount, item.currency)
        raise _fault(f"{item} has {words[0]} {what}, not {words[1]}.")


def _fault(words: str) -> NotReturned:
    return NotReturned([FieldFault("amount", "not_returned", words)])


def _today(item: LedgerDocument, at: datetime) -> date:
    return item.customer.day_of(at)


def _told(document: LedgerDocument) -> dict[str, object]:
    return {"amount": money.in_words(document.amount, document.currency), "day": document.posted_on}
