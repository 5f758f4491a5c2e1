"""Refunds and chargebacks: money that went back opens what it had settled, once; and a dispute that we won closes it."""

from decimal import Decimal

import pytest
from django.utils.timezone import now

from receivables.domain.payments.returning import return_payment
from receivables.models import LedgerDocument, OnlineMovement
from tests.factories.people import UserFactory
from tests.receivables.online.made import (
    a_chargeback,
    a_refund,
    a_session,
    accounts,
    kinds,
    left,
    of_session,
    owed,
    send,
    stored,
)
from tests.receivables.online.stripe_server import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(provider: Provider) -> LedgerDocument:
    """An invoice over 100 that was paid online as pi_1."""
    [found] = owed(100)
    send(of_session("completed", a_session(found), payment_intent="pi_1"))
    return found


def test_a_refund_opens_what_the_payment_settled_once_whichever_events_tell_it(item: LedgerDocument):
    assert stored(a_refund("pi_1", 3_000, key="re_1"))[0] == "done"
    assert stored(a_refund("pi_1", 3_000, key="re_1")) == ("done", "It was in the ledger already.")

    assert (kinds(), left(item), accounts()) == ({"payment": 1, "return": 1}, [30], {"transit": 70})
    assert stored(a_refund("pi_1", 7_000, key="re_2"))[0] == "done"
    assert (left(item), accounts()) == ([100], {})


def test_a_refund_that_is_pending_or_failed_moves_nothing(item: LedgerDocument):
    assert stored(a_refund("pi_1", 3_000, status="pending", key="re_1"))[0] == "nothing"
    assert stored(a_refund("pi_1", 3_000, status="failed", key="re_1"))[0] == "nothing"

    assert (kinds(), left(item)) == ({"payment": 1}, [0])


def test_a_refund_that_fails_after_it_was_booked_comes_in_again(item: LedgerDocument):
    send(a_refund("pi_1", 3_000, key="re_1"))

    for _ in range(2):
        assert stored(a_refund("pi_1", 3_000, status="failed", key="re_1"))[0] == "done"

    assert (kinds(), left(item), accounts()) == ({"payment": 2, "return": 1}, [0], {"transit": 100})


def test_a_chargeback_takes_the_payment_and_the_banks_fee_once(item: LedgerDocument):
    assert stored(a_chargeback("pi_1", 10_000, "created"))[0] == "nothing"  # an inquiry, or not taken yet
    assert stored(a_chargeback("pi_1", 10_000, "funds_withdrawn", (-10_000, 1_500)))[0] == "done"
    assert stored(a_chargeback("pi_1", 10_000, "updated", (-10_000, 1_500)))[0] == "done"

    assert (kinds(), left(item)) == ({"payment": 1, "return": 1}, [100])
    assert accounts() == {"transit": -15, "fees": 15}


def test_a_dispute_that_we_won_is_the_opposite_of_what_was_posted_then(item: LedgerDocument):
    send(a_refund("pi_1", 4_000))  # left of the payment: 60
    send(a_chargeback("pi_1", 6_000, "funds_withdrawn", (-6_000, 1_500)))
    assert left(item) == [100]

    for what in ("funds_reinstated", "closed"):
        assert stored(a_chargeback("pi_1", 6_000, what, (-6_000, 1_500), (6_000, 0)))[0] == "done"

    assert (kinds(), left(item)) == ({"payment": 2, "return": 2}, [40])
    assert accounts() == {"transit": 45, "fees": 15}


def test_a_dispute_that_we_lost_books_nothing_more(item: LedgerDocument):
    send(a_chargeback("pi_1", 10_000, "funds_withdrawn", (-10_000, 1_500)))

    assert stored(a_chargeback("pi_1", 10_000, "closed", (-10_000, 1_500)))[0] == "done"

    assert kinds() == {"payment": 1, "return": 1}


def test_a_win_told_before_its_loss_books_both(item: LedgerDocument):
    assert stored(a_chargeback("pi_1", 10_000, "funds_reinstated", (-10_000, 1_500), (10_000, -1_500)))[0] == "done"

    assert (kinds(), left(item), accounts()) == ({"payment": 2, "return": 1}, [0], {"transit": 100})


def test_a_chargeback_beside_a_refund_never_takes_the_payment_twice(item: LedgerDocument):
    send(a_refund("pi_1", 8_000))

    assert stored(a_chargeback("pi_1", 10_000, "funds_withdrawn", (-10_000, 0))) == (
        "partly",
        "$80.00 more was taken than was left of the payment.",
    )
    assert (kinds(), left(item)) == ({"payment": 1, "return": 2}, [100])

    assert stored(a_refund("pi_1", 1_000)) == (
        "open",
        "Payment pi_1 was returned or refunded before: nothing is left of it.",
    )
    assert kinds() == {"payment": 1, "return": 2}


def test_what_a_person_returned_by_hand_is_not_returned_again(item: LedgerDocument):
    payment = LedgerDocument.objects.get(kind="payment")
    today = payment.customer.day_of(now())
    return_payment(payment, on=today, by=UserFactory.create(), at=now(), reason="asked")

    assert stored(a_refund("pi_1", 10_000))[0] == "open"
    assert kinds() == {"payment": 1, "return": 1}


def test_an_overpayment_is_refunded_from_what_is_unapplied(provider: Provider):
    [item] = owed(100)
    send(of_session("completed", a_session(item), payment_intent="pi_1", amount_total=15_000))

    send(a_refund("pi_1", 5_000))

    payment = LedgerDocument.objects.get(kind="payment")
    assert left(item, payment) == [0, 0]
    assert OnlineMovement.objects.get(kind="refund").undoes == payment.online


def test_a_chargeback_settled_in_another_currency_is_booked_without_the_banks_fee(item: LedgerDocument):
    event = a_chargeback("pi_1", 10_000, "funds_withdrawn", (-9_200, 1_400))
    event["data"]["object"]["balance_transactions"][0]["currency"] = "eur"

    assert stored(event)[0] == "done"
    assert (left(item), accounts()) == ([100], {})


def test_a_refund_in_another_currency_waits_for_a_person(item: LedgerDocument):
    assert stored(a_refund("pi_1", 3_000, currency="eur")) == ("open", "It is in EUR, and the payment in USD.")
    assert left(item) == [Decimal(0)]
