"""Customers with open invoices, their links, and Stripe's events about them, signed by the library's own function."""

import json
import time
from collections import Counter
from decimal import Decimal
from itertools import count
from typing import Any

import stripe
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from leads.models import Customer
from receivables.domain.ledger.items import with_left
from receivables.domain.online.checkout import check_out
from receivables.domain.online.links import link_of
from receivables.models import CheckoutSession, LedgerDocument, OnlineEvent, PaymentLink, Posting
from tests.factories.leads import CustomerFactory
from tests.receivables.payments.banks import an_invoice

SECRET = "whsec_test_secret"
EVENTS = "/online-payments/events"
numbers = count(1)


def owed(*amounts: int | str, customer: Customer | None = None) -> list[LedgerDocument]:
    """Open invoices of one customer."""
    one = customer or CustomerFactory.create()
    return [an_invoice(f"INV-{next(numbers):05}", amount, one) for amount in amounts]


def a_session(*items: LedgerDocument) -> CheckoutSession:
    """A customer went to Stripe to pay these invoices."""
    link = link_of(items)
    check_out(link, at=now())
    return CheckoutSession.objects.open().get(link=link)


def an_event(kind: str, about: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An event of Stripe."""
    number = next(numbers)
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": stripe.api_version,
        "created": int(time.time()),
        "livemode": False,
        "type": kind,
        "data": {"object": about},
        **more,
    }


def of_session(kind: str, session: CheckoutSession, *, paid: str = "paid", **more: Any) -> dict[str, Any]:
    """An event about a checkout session."""
    places = {"JPY": 0}.get(session.link.currency, 2)
    about = {
        "id": session.external_id,
        "object": "checkout.session",
        "client_reference_id": session.uid.hex,
        "amount_total": int(session.amount.scaleb(places)),
        "currency": session.link.currency.lower(),
        "payment_intent": f"pi_{session.pk}",
        "payment_status": paid,
        "customer_details": {"email": "imo@northlight.example", "name": "Imo Farrowgate"},
        **more,
    }
    return an_event(f"checkout.session.{kind}", about)


def a_refund(payment: str, amount: int, *, status: str = "succeeded", key: str = "", **more: Any) -> dict[str, Any]:
    """An event about a refund."""
    about = {"id": key or f"re_{next(numbers)}", "object": "refund", "status": status, "currency": "usd"}
    return an_event("refund.updated", {**about, "amount": amount, "payment_intent": payment, **more})


def a_chargeback(payment: str, amount: int, what: str, *moved: tuple[int, int], key: str = "dp_1") -> dict[str, Any]:
    """An event about a dispute at the card's bank, with what it moved: sums and fees."""
    lines = [
        {"id": f"txn_{place}", "object": "balance_transaction", "amount": sum_, "fee": fee, "currency": "usd"}
        for place, (sum_, fee) in enumerate(moved)
    ]
    about = {"id": key, "object": "dispute", "amount": amount, "currency": "usd", "status": "needs_response"}
    return an_event(
        f"charge.dispute.{what}",
        {**about, "payment_intent": payment, "charge": f"ch_{payment}", "balance_transactions": lines},
    )


def a_line(kind: str, amount: int, fee: int, source: dict[str, Any] | str, currency: str = "usd") -> dict[str, Any]:
    """A balance transaction in a payout."""
    number = next(numbers)
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "type": kind,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "currency": currency,
        "source": source,
    }


def of_payment(payment: str, amount: int, fee: int, currency: str = "usd") -> dict[str, Any]:
    """The line of a payment in a payout."""
    charge = {"id": f"ch_{payment}", "object": "charge", "payment_intent": payment}
    return a_line("charge", amount, fee, charge, currency)


def a_payout(what: str = "paid", *, key: str = "po_1", amount: int = 0, currency: str = "usd") -> dict[str, Any]:
    """An event about a payout."""
    return an_event(f"payout.{what}", {"id": key, "object": "payout", "amount": amount, "currency": currency})


def send(event: dict[str, Any], *, status: int = 200) -> OnlineEvent | None:
    """Send an event as Stripe does; return what is stored of it."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    answer = Client().post(EVENTS, body, content_type="application/json", headers={"Stripe-Signature": header})
    assert answer.status_code == status, answer.content
    return OnlineEvent.objects.filter(external_id=event["id"]).first()


def stored(event: dict[str, Any]) -> tuple[str, str]:
    """Send an event; return its state and why."""
    found = send(event)
    assert found is not None
    return found.state, found.why


def left(*items: LedgerDocument) -> list[Decimal]:
    """What each has left."""
    found = {item.pk: item.left for item in with_left(LedgerDocument.objects.filter(pk__in=[one.pk for one in items]))}
    return [found[item.pk] for item in items]


def accounts() -> dict[str, Decimal]:
    """What stands in the accounts of money."""
    moved = Posting.objects.exclude(account__in=["receivable", "revenue"]).order_by()
    sums = moved.values_list("account").annotate(sum=Sum("amount"))
    return {account: sum_ for account, sum_ in sums if sum_}


def kinds() -> dict[str, int]:
    """How many documents of each kind there are, besides invoices."""
    return dict(Counter(LedgerDocument.objects.exclude(kind="invoice").values_list("kind", flat=True)))


def page_of(link: PaymentLink) -> str:
    """The path of a link's page."""
    return reverse("pay", args=[link.token])
