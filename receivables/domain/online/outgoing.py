"""Refunds and chargebacks: money that goes back to the payer, and that comes in again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing_engine.core import money
from receivables.domain.ledger.items import locked
from receivables.domain.ledger.post import Account, Way
from receivables.domain.online.effect import ALREADY, BACK, Effect, NotPlaced, Run
from receivables.domain.payments.posting_day import check_day
from receivables.domain.payments.returning import come_back, return_payment, returnable
from receivables.models import LedgerDocument, OnlineMovement

Kind = OnlineMovement.Kind


@dataclass(frozen=True, slots=True)
class Out:
    """Money that went back to the payer."""

    kind: OnlineMovement.Kind
    key: str
    amount: Decimal
    fee: Decimal
    reason: str


def refunded(run: Run) -> Effect:
    """Book a refund once it is through, and its money back if it failed after that."""
    key, status = run.told.text("id"), run.told.text("status")
    if status == "succeeded":
        out = Out(Kind.REFUND, key, run.told.amount("amount"), money.ZERO, "refunded at Stripe")
        return _went_out(run, out)
    if status in ("failed", "canceled"):
        return _came_in_again(run, key, fee=money.ZERO, reason="the refund failed")
    return Effect(words=f"The refund is “{status}”: no money has moved.")


def disputed(run: Run) -> Effect:
    """Book what a chargeback took, and if we won, the opposite of exactly that. An inquiry takes nothing."""
    key, moved = run.told.text("id"), list(run.told.parts("balance_transactions"))
    taken = [each for each in moved if _minor(each, "amount") < 0]
    given = [each for each in moved if _minor(each, "amount") > 0]
    effect = Effect(words="No money has moved.")
    if taken:
        amount = -_sum(run, "amount", taken) if _is_settled_alike(run, taken) else run.told.amount("amount")
        out = Out(Kind.CHARGEBACK, key, amount, _sum(run, "fee", taken), "charged back")
        effect = _went_out(run, out)
    if given:
        back = _came_in_again(run, key, fee=_sum(run, "fee", given), reason="the dispute was won")
        words = effect.words if effect.is_partly else back.words
        effect = Effect(back.document or effect.document, words, effect.is_partly, back.is_new or effect.is_new)
    return effect


def _went_out(run: Run, out: Out) -> Effect:
    """Return the payment, as far as it was not returned before: a chargeback beside a refund never counts twice."""
    payments = OnlineMovement.objects.filter(kind=Kind.PAYMENT).select_related("document__customer")
    payment = payments.filter(external_id=run.told.subject).first()
    if payment is None:
        raise NotPlaced("The payment that it is about is not in the ledger.")
    today = _today(run, payment.document)  # the month is locked before the customer, everywhere
    document = locked([payment.document_id])[payment.document_id]
    if booked := _booked(out.key):
        return booked
    if run.told.currency != document.currency:
        raise NotPlaced(f"It is in {run.told.currency}, and the payment in {document.currency}.")
    most = returnable(document)
    if not most:
        raise NotPlaced(f"{document} was returned or refunded before: nothing is left of it.")
    made = return_payment(
        document,
        on=today,
        by=run.by,
        at=run.at,
        reason=out.reason,
        amount=min(out.amount, most),
        way=Way(Account.TRANSIT, out.fee),
    )
    OnlineMovement.objects.create(kind=out.kind, external_id=out.key, document=made, undoes=payment, fee=out.fee)
    if out.amount <= most:
        return Effect(made)
    rest = money.in_words(out.amount - most, document.currency)
    return Effect(made, f"{rest} more was taken than was left of the payment.", is_partly=True)


def _came_in_again(run: Run, key: str, *, fee: Decimal, reason: str) -> Effect:
    """Book that exactly what went out came in again."""
    went = OnlineMovement.objects.filter(external_id=key).select_related("document__customer").first()
    if went is None:
        return Effect(words="Nothing of it was booked that could be reversed.")
    document = went.document
    today = _today(run, document)
    locked([document.pk])
    if booked := _booked(key + BACK):
        return booked
    made = come_back(
        document,
        on=today,
        by=run.by,
        at=run.at,
        reason=reason,
        way=Way(Account.TRANSIT, fee),
    )
    OnlineMovement.objects.create(kind=Kind.BACK, external_id=key + BACK, document=made, undoes=went, fee=fee)
    return Effect(made)


def _booked(key: str) -> Effect | None:
    """What was booked of it before; read once its customer is locked."""
    found = OnlineMovement.objects.filter(external_id=key).select_related("document").first()
    return Effect(found.document, ALREADY, is_new=False) if found else None


def _today(run: Run, document: LedgerDocument) -> date:
    return check_day(document.customer.day_of(run.at), document.customer, at=run.at)


def _minor(part: dict[str, Any], name: str) -> int:
    found = part.get(name)
    return found if isinstance(found, int) else 0


def _is_settled_alike(run: Run, parts: Iterable[dict[str, Any]]) -> bool:
    """Whether Stripe's balance is in the currency of the payment."""
    return all(str(each.get("currency")).upper() == run.told.currency for each in parts)


def _sum(run: Run, name: str, parts: list[dict[str, Any]]) -> Decimal:
    """The sum of the parts in the payment's currency; what is in another one can't be posted here."""
    if not _is_settled_alike(run, parts):
        return money.ZERO
    return sum((run.told.amount(name, of=each) for each in parts), money.ZERO)
