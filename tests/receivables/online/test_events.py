"""What Stripe tells is booked once, together with its effect; what can't be booked waits for a person."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
import stripe
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from billing_engine.core.models import Deed
from invoices.models import BillingCycle
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.online.events import NotForAPerson, run_again, set_aside
from receivables.models import CheckoutSession, LedgerDocument, OnlineEvent, Payment
from tests.receivables.made import a_document
from tests.receivables.online.made import (
    EVENTS,
    SECRET,
    a_refund,
    a_session,
    accounts,
    an_event,
    kinds,
    left,
    of_session,
    owed,
    send,
    stored,
)
from tests.receivables.online.stripe_server import Provider

pytestmark = pytest.mark.django_db

State = CheckoutSession.State


def state_of(session: CheckoutSession) -> str:
    session.refresh_from_db()
    return session.state


def test_a_paid_session_is_a_payment_in_transit_with_its_fee_that_settles_what_it_named(provider: Provider):
    [first, second] = owed(70, "50.10")
    session = a_session(first, second)
    provider.fees[f"pi_{session.pk}"] = (378, "usd")

    assert stored(of_session("completed", session)) == ("done", "")

    document = LedgerDocument.objects.get(kind="payment")
    assert (document.amount, document.reference) == (Decimal("120.10"), f"pi_{session.pk}")
    assert left(first, second, document) == [0, 0, 0]
    assert accounts() == {"transit": Decimal("116.32"), "fees": Decimal("3.78")}
    assert (state_of(session), Payment.objects.get().method) == (State.PAID, "online")
    deed = Deed.objects.get(verb="payment_recorded")
    assert (deed.actor, deed.after["settles"]) == ("engine", [str(first), str(second)])


def test_the_same_event_again_changes_nothing(provider: Provider):
    session = a_session(*owed(70))
    event = of_session("completed", session)

    send(event)
    send(event)
    send({**event, "id": "evt_other"})  # the same payment in another event

    assert kinds() == {"payment": 1}
    assert dict(OnlineEvent.objects.values_list("external_id", "state")) == {
        event["id"]: "done",
        "evt_other": "nothing",
    }


def test_a_bank_debit_is_a_payment_only_once_it_succeeded(provider: Provider):
    [item] = owed(70)
    session = a_session(item)

    assert stored(of_session("completed", session, paid="unpaid")) == (
        "nothing",
        "The bank has not confirmed it yet.",
    )
    assert (state_of(session), kinds(), left(item)) == (State.PROCESSING, {}, [70])

    assert stored(of_session("async_payment_succeeded", session)) == ("done", "")
    assert (state_of(session), kinds(), left(item)) == (State.PAID, {"payment": 1}, [0])

    send(of_session("completed", session, paid="unpaid"))  # late: Stripe keeps no order
    assert state_of(session) == State.PAID


def test_a_bank_debit_that_failed_and_a_session_that_expired_are_no_payments(provider: Provider):
    session, other = a_session(*owed(70)), a_session(*owed(50))
    send(of_session("completed", session, paid="unpaid"))

    assert stored(of_session("async_payment_failed", session, paid="unpaid"))[0] == "nothing"
    assert stored(of_session("expired", other, paid="unpaid"))[0] == "nothing"

    assert (state_of(session), state_of(other), kinds()) == (State.FAILED, State.EXPIRED, {})


def test_what_was_settled_meanwhile_stays_unapplied_also_beside_other_open_invoices(provider: Provider):
    [first, second] = owed(70, 50)
    session = a_session(first, second)
    owed(500, customer=first.customer)
    a_document(first.customer, LedgerDocument.Kind.PAYMENT, 60)
    [by_hand] = LedgerDocument.objects.filter(kind="payment")
    match([Match(by_hand, first, Decimal(60))], on=by_hand.posted_on, at=now())

    send(of_session("completed", session))

    payment = LedgerDocument.objects.filter(kind="payment").latest("pk")
    assert left(first, second, payment) == [0, 0, 60]


def test_a_payment_is_booked_without_its_fee_if_stripe_does_not_answer(provider: Provider):
    session = a_session(*owed(70))
    provider.is_down = True

    assert stored(of_session("completed", session)) == ("done", "")
    assert accounts() == {"transit": 70}


def test_a_fee_in_another_currency_is_not_posted(provider: Provider):
    session = a_session(*owed(70))
    provider.fees[f"pi_{session.pk}"] = (210, "eur")

    send(of_session("completed", session))

    assert accounts() == {"transit": 70}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=1,v1=00",
        stripe.WebhookSignature.generate_signature_header("{}", "whsec_another"),
    ],
    ids=["none", "nonsense", "wrong", "of another"],
)
def test_what_is_not_signed_by_stripe_is_refused_and_not_stored(provider: Provider, header: str):
    session = a_session(*owed(70))
    body = json.dumps(of_session("completed", session))

    answer = Client().post(EVENTS, body, content_type="application/json", headers={"Stripe-Signature": header})

    assert answer.status_code == 400
    assert (OnlineEvent.objects.count(), kinds()) == (0, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"object": "event"}',
        b'{"id": "evt_1", "type": "x", "created": 1}',
    ],
)
def test_garbage_is_refused_even_if_it_is_signed(provider: Provider, body: bytes):
    text = body.decode(errors="replace")
    header = stripe.WebhookSignature.generate_signature_header(text, SECRET)

    answer = Client().post(EVENTS, body, content_type="application/json", headers={"Stripe-Signature": header})

    assert (answer.status_code, OnlineEvent.objects.count()) == (400, 0)


def test_a_signature_that_is_too_old_is_refused(provider: Provider):
    body = json.dumps(of_session("completed", a_session(*owed(70))))
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET, timestamp=int(time.time()) - 301)

    answer = Client().post(EVENTS, body, content_type="application/json", headers={"Stripe-Signature": header})

    assert (answer.status_code, kinds()) == (400, {})


def test_without_keys_there_is_no_such_address(provider: Provider, settings: LazySettings):
    event = of_session("completed", a_session(*owed(70)))
    for name in ("secret_key", "webhook_secret", "site"):
        settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, name: ""}
        send(event, status=404)

    assert kinds() == {}


def test_an_event_by_get_is_refused(provider: Provider):
    assert Client().get(EVENTS).status_code == 405


@pytest.mark.parametrize(
    ("event", "state", "why"),
    [
        (
            lambda session: of_session("completed", session, client_reference_id=None),
            "open",
            "It names no checkout session of ours.",
        ),
        (
            lambda session: of_session("completed", session, currency="eur"),
            "open",
            "It is about €70.00, and the session about $70.00.",
        ),
        (lambda session: of_session("completed", session, payment_intent=None), "open", "The event names no payment."),
        (
            lambda session: of_session("completed", session, paid="no_payment_required"),
            "open",
            "The payment status is “no_payment_required”.",
        ),
        (
            lambda session: of_session("completed", session, amount_total="7000"),
            "open",
            "The event has no “amount_total”, or no currency of it.",
        ),
        (
            lambda _: an_event("invoice.created", {"id": "in_1"}),
            "open",
            "Events of the kind “invoice.created” are not known here.",
        ),
        (
            lambda _: an_event("charge.succeeded", {"id": "ch_1"}),
            "nothing",
            "Other events tell what is to be booked.",
        ),
    ],
)
def test_what_cant_be_placed_is_stored_with_why_and_books_nothing(provider: Provider, event: Any, state: str, why: str):
    session = a_session(*owed(70))

    assert stored(event(session)) == (state, why)
    assert (kinds(), state_of(session)) == ({}, State.OPEN)


def test_nothing_is_posted_in_a_locked_month_and_a_person_sees_it(provider: Provider):
    session = a_session(*owed(70))
    BillingCycle.objects.create(label=f"{now():%Y-%m}", state="locked")

    state, why = stored(of_session("completed", session))

    assert (state, "is locked" in why, kinds()) == ("open", True, {})


def test_the_payers_details_are_not_stored(provider: Provider):
    found = send(of_session("completed", a_session(*owed(70))))

    assert found is not None
    assert "northlight" not in json.dumps(found.body)


def test_a_refund_told_before_its_payment_is_booked_once_the_payment_is(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    early = a_refund(f"pi_{session.pk}", 7_000)

    assert stored(early) == ("open", "The payment that it is about is not in the ledger.")
    send(of_session("completed", session))

    assert OnlineEvent.objects.get(external_id=early["id"]).state == "done"
    assert (kinds(), left(item)) == ({"payment": 1, "return": 1}, [70])


def test_a_person_runs_an_event_again_or_sets_it_aside_with_one_deed_each(provider: Provider, frank: User):
    session = a_session(*owed(70))
    event = of_session("completed", session)
    CheckoutSession.objects.filter(pk=session.pk).update(uid="00000000-0000-4000-8000-000000000000")
    found, foreign = send(event), send(an_event("invoice.created", {"id": "in_1"}))
    assert found is not None
    assert foreign is not None

    run_again(found, by=frank, at=now())
    assert (Deed.objects.latest("pk").verb, kinds()) == ("online_event_run_again", {})
    CheckoutSession.objects.filter(pk=session.pk).update(uid=session.uid)
    before = Deed.objects.count()
    done = run_again(found, by=frank, at=now())
    assert (done.state, kinds(), Deed.objects.count()) == ("done", {"payment": 1}, before + 1)
    assert LedgerDocument.objects.get(kind="payment").recorded_by == frank
    with pytest.raises(NotForAPerson):
        run_again(found, by=frank, at=now())

    aside = set_aside(foreign, by=frank, at=now(), reason="Another shop.")
    assert (aside.state, Deed.objects.latest("pk").reason) == ("aside", "Another shop.")
    with pytest.raises(NotForAPerson):
        set_aside(foreign, by=frank, at=now(), reason="Again.")
