"""A payout moves what Stripe held to cash, less the fees; what is not of payments here is told."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from billing_engine.core.models import Deed
from receivables.domain.online.events import run_again
from receivables.models import LedgerDocument, OnlineEvent
from tests.receivables.online.made import (
    a_chargeback,
    a_line,
    a_payout,
    a_refund,
    a_session,
    accounts,
    kinds,
    of_payment,
    of_session,
    owed,
    send,
    stored,
)
from tests.receivables.online.stripe_server import Provider

pytestmark = pytest.mark.django_db


def a_paid(provider: Provider, intent: str, amount: int, *, fee: int | None = None) -> LedgerDocument:
    """An invoice paid online; with a fee only if it is known by then."""
    [item] = owed(amount)
    if fee is not None:
        provider.fees[intent] = (fee, "usd")
    send(of_session("completed", a_session(item), payment_intent=intent))
    return item


def postings() -> list[dict[str, Decimal]]:
    found = LedgerDocument.objects.filter(kind="payout").order_by("pk")
    return [dict(each.postings.values_list("account", "amount")) for each in found]


def test_a_payout_moves_each_customers_money_and_posts_the_fees_that_were_not_known(provider: Provider):
    a_paid(provider, "pi_1", 100, fee=320)
    a_paid(provider, "pi_2", 50)
    provider.payouts["po_1"] = [
        of_payment("pi_1", 10_000, 320),
        of_payment("pi_2", 5_000, 175),
        a_line("payout", -14_505, 0, "po_1"),
    ]

    assert stored(a_payout()) == ("done", "")

    assert postings() == [
        {"cash": Decimal("96.80"), "transit": Decimal("-96.80")},
        {"cash": Decimal("48.25"), "fees": Decimal("1.75"), "transit": -50},
    ]
    assert accounts() == {"cash": Decimal("145.05"), "fees": Decimal("4.95")}
    assert [str(each) for each in LedgerDocument.objects.filter(kind="payout")] == 2 * ["Payout po_1"]
    assert Deed.objects.filter(verb="online_payout_booked").count() == 1


def test_the_same_payout_in_another_event_moves_nothing_again(provider: Provider):
    a_paid(provider, "pi_1", 100)
    provider.payouts["po_1"] = [of_payment("pi_1", 10_000, 320)]
    send(a_payout())

    assert stored(a_payout())[0] == "nothing"
    assert accounts() == {"cash": Decimal("96.80"), "fees": Decimal("3.20")}


def test_refunds_and_chargebacks_are_netted_in_their_payout(provider: Provider):
    a_paid(provider, "pi_1", 100)
    send(a_refund("pi_1", 3_000, key="re_1"))
    send(a_chargeback("pi_1", 7_000, "funds_withdrawn", (-7_000, 1_500)))
    send(a_chargeback("pi_1", 7_000, "funds_reinstated", (-7_000, 1_500), (7_000, 0)))
    provider.payouts["po_1"] = [
        of_payment("pi_1", 10_000, 320),
        a_line("refund", -3_000, 0, {"id": "re_1", "object": "refund", "payment_intent": "pi_1"}),
        a_line("adjustment", -7_000, 1_500, {"id": "dp_1", "object": "dispute"}),
        a_line("adjustment", 7_000, 0, {"id": "dp_1", "object": "dispute"}),
    ]

    assert stored(a_payout())[0] == "done"
    assert accounts() == {"cash": Decimal("51.80"), "fees": Decimal("18.20")}


def test_what_is_not_of_payments_here_is_told_and_a_run_again_books_what_came_since(provider: Provider, frank: User):
    a_paid(provider, "pi_1", 100)
    late = a_session(*owed(50))
    provider.payouts["po_1"] = [
        of_payment("pi_1", 10_000, 320),
        of_payment("pi_late", 5_000, 175),
        a_line("stripe_fee", -200, 0, ""),
    ]
    event = a_payout()

    words = "$46.25 of it is not of payments in the ledger: 2 movements."
    assert stored(event) == ("partly", words)
    send(of_session("completed", late, payment_intent="pi_late"))
    found = run_again(OnlineEvent.objects.get(external_id=event["id"]), by=frank, at=now())

    assert (found.state, found.why) == ("partly", "-$2.00 of it is not of payments in the ledger: 1 movement.")
    assert accounts() == {"cash": Decimal("145.05"), "fees": Decimal("4.95")}


def test_a_payout_of_none_of_ours_made_by_hand_or_in_another_currency_waits_for_a_person(provider: Provider):
    a_paid(provider, "pi_1", 100)
    provider.payouts |= {
        "po_other": [of_payment("pi_unknown", 5_000, 175)],
        "po_euro": [of_payment("pi_1", 9_200, 300, "eur")],
    }

    assert stored(a_payout(key="po_other")) == ("open", "None of its payments is in the ledger.")
    assert stored(a_payout(key="po_euro", currency="eur")) == ("open", "None of its payments is in the ledger.")
    assert stored(a_payout(key="po_hand")) == (
        "open",
        "Stripe does not say what it consists of: it was made by hand, not on a schedule.",
    )
    assert kinds() == {"payment": 1}


def test_if_stripe_cant_be_asked_it_sends_the_payout_again(provider: Provider):
    a_paid(provider, "pi_1", 100)
    provider.payouts["po_1"] = [of_payment("pi_1", 10_000, 320)]
    event, provider.is_down = a_payout(), True

    found = send(event, status=503)
    assert found is not None
    assert (found.state, found.why) == ("open", "Stripe could not be asked. It sends the event again.")

    provider.is_down = False
    assert stored(event) == ("done", "")
    assert kinds() == {"payment": 1, "payout": 1}


def test_a_payout_that_failed_is_in_transit_again_and_the_next_one_brings_it(provider: Provider):
    a_paid(provider, "pi_1", 100)
    provider.payouts["po_1"] = [of_payment("pi_1", 10_000, 320)]
    send(a_payout())

    for _ in range(2):
        send(a_payout("failed"))
    assert accounts() == {"transit": Decimal("96.80"), "fees": Decimal("3.20")}

    provider.payouts["po_2"] = [a_line("payout_failure", 9_680, 0, {"id": "po_1", "object": "payout"})]
    assert stored(a_payout(key="po_2")) == ("done", "")
    assert accounts() == {"cash": Decimal("96.80"), "fees": Decimal("3.20")}
    assert kinds() == {"payment": 1, "payout": 3}
