"""Checkout sessions: what is open is read at the moment of the click, and nothing of it can be paid in two of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from billing_engine.core import money
from billing_engine.core.errors import Refused
from leads.models import Customer
from receivables.domain.disputes.disputed import disputed_of, to_pay
from receivables.domain.ledger.items import with_left
from receivables.domain.online.links import address_of_link
from receivables.domain.online.minor_units import to_minor
from receivables.domain.online.provider import ProviderRefused, create_session, expire_session
from receivables.models import CheckoutItem, CheckoutSession, LedgerDocument, PaymentLink

State = CheckoutSession.State
A_DAY = timedelta(hours=24)  # so long does Stripe keep a session, and the key that it was made with
FRESH = timedelta(hours=20)
MOST_LINES = 100  # that Stripe shows
NAME_LENGTH = 250


class NothingToPay(Refused):
    """Nothing of it is to be paid, or not now."""

    code = "nothing_to_pay"
    message = "There is nothing to pay here."


class PaymentOnItsWay(Refused):
    """It is being paid in another window, or has just been."""

    code = "payment_on_its_way"
    message = "A payment was just made. We are waiting for its confirmation: look again in a few minutes."


@dataclass(frozen=True, slots=True)
class Payable:
    """An invoice of a link: what is open, what of it is disputed or on its way, and what is to be paid now."""

    document: LedgerDocument
    disputed: Decimal
    on_its_way: Decimal

    @property
    def to_pay(self) -> Decimal:
        """What is open without what is disputed or on its way; never below zero."""
        return max(to_pay(self.document.left, self.disputed) - self.on_its_way, money.ZERO)


def payables(link: PaymentLink) -> list[Payable]:
    """Return each invoice of a link as it stands now, oldest due first."""
    found = with_left(link.documents.select_related("invoice").order_by("due_on", "pk"))
    documents = list(found)
    disputed = disputed_of(invoices=[each.invoice_id or 0 for each in documents])
    moving = CheckoutItem.objects.filter(
        document__in=documents, checkout__in=CheckoutSession.objects.on_its_way()
    ).order_by()
    on_its_way = dict(moving.values_list("document").annotate(sum=Sum("amount")))
    return [
        Payable(each, disputed.get(each.invoice_id or 0, money.ZERO), on_its_way.get(each.pk, money.ZERO))
        for each in documents
    ]


def to_pay_now(items: Sequence[Payable]) -> Decimal:
    """Return the sum to be paid now."""
    return sum((each.to_pay for each in items), money.ZERO)


def check_out(link: PaymentLink, *, at: datetime) -> str:
    """Return the address at Stripe where what is open now is paid.

    Raises NothingToPay, NotPayableOnline, PaymentOnItsWay, ProviderRefused or ProviderUnavailable. An open session of
    the same sums is used again; any other that names one of these invoices expires first, so that nothing is paid twice.
    """
    for stale in _stale(link, at=at):
        _expire(stale, at=at)
    session = _session(link, at=at)
    return session.url or _made(session).url


def _stale(link: PaymentLink, *, at: datetime) -> list[CheckoutSession]:
    """The open sessions that name one of the link's invoices and can't be used again."""
    wanted = _sums(payables(link))
    touching = CheckoutSession.objects.open().filter(items__document__in=link.documents.all()).distinct()
    return [each for each in touching.prefetch_related("items") if not _is_usable(each, link, wanted, at=at)]


def _is_usable(session: CheckoutSession, link: PaymentLink, wanted: dict[int, Decimal], *, at: datetime) -> bool:
    is_same = {item.document_id: item.amount for item in session.items.all()} == wanted
    return is_same and session.link_id == link.pk and at - session.asked_at < FRESH


def _expire(session: CheckoutSession, *, at: datetime) -> None:
    """Expire a session at Stripe, and then here. After a day it has expired there by itself."""
    if at - session.asked_at < A_DAY:
        try:
            known = session if session.external_id else _made(session)
        except ProviderRefused:  # it was never made
            return
        if not expire_session(known.external_id):
            raise PaymentOnItsWay
    CheckoutSession.objects.open().filter(pk=session.pk).update(state=State.EXPIRED)


def _made(session: CheckoutSession) -> CheckoutSession:
    """Make the session at Stripe, or learn which one was made by a process that ended before it could store that."""
    try:
        session.external_id, session.url = create_session(_asked(session), key=session.uid.hex)
    except ProviderRefused:
        CheckoutSession.objects.open().filter(pk=session.pk).update(state=State.FAILED)
        raise
    session.save(update_fields=["external_id", "url"])
    return session


@transaction.atomic
def _session(link: PaymentLink, *, at: datetime) -> CheckoutSession:
    """The open session of the link for what is to be paid now, stored before Stripe is asked: so that it is never lost."""
    Customer.objects.select_for_update(no_key=True).get(pk=link.customer_id)
    found = payables(link)
    wanted = _sums(found)
    if not wanted:
        raise NothingToPay
    for item in found:
        to_minor(item.to_pay, link.currency)
    touching = CheckoutSession.objects.open().filter(items__document__in=list(wanted)).distinct()
    for each in touching.prefetch_related("items"):
        if _is_usable(each, link, wanted, at=at):
            return each
        raise PaymentOnItsWay
    session = CheckoutSession.objects.create(link=link, amount=sum(wanted.values(), money.ZERO), asked_at=at)
    CheckoutItem.objects.bulk_create(
        CheckoutItem(checkout=session, document_id=pk, amount=amount) for pk, amount in wanted.items()
    )
    return session


def _sums(found: Sequence[Payable]) -> dict[int, Decimal]:
    return {each.document.pk: each.to_pay for each in found if each.to_pay}


def _asked(session: CheckoutSession) -> dict[str, Any]:
    """What Stripe is asked for; always the same for one session, as its key demands."""
    link = session.link
    page = address_of_link(link)
    ours = {"session": session.uid.hex}
    return {
        "mode": "payment",
        "client_reference_id": session.uid.hex,
        "metadata": ours,
        "line_items": list(_lines(session)),
        "payment_intent_data": {"metadata": ours},
        "adaptive_pricing": {"enabled": False},  # what is owed is paid in its own currency
        "success_url": f"{page}?paid",
        "cancel_url": page,
    }


def _lines(session: CheckoutSession) -> Iterator[dict[str, Any]]:
    items = list(session.items.select_related("document").order_by("pk"))
    named = [(f"Invoice {item.document.reference}", item.amount) for item in items]
    if len(named) > MOST_LINES:
        named = [(f"{len(named)} invoices", session.amount)]
    for name, amount in named:
        yield {
            "quantity": 1,
            "price_data": {
                "currency": session.link.currency.lower(),
                "unit_amount": to_minor(amount, session.link.currency),
                "product_data": {"name": name[:NAME_LENGTH]},
            },
        }
