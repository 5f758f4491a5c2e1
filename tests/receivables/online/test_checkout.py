"""A customer clicks: what is open at that moment is asked for at Stripe, and nothing can be paid twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from receivables.domain.disputes.deciding import reject
from receivables.domain.online.checkout import NothingToPay, PaymentOnItsWay, check_out, payables, to_pay_now
from receivables.domain.online.links import link_of, pay_address
from receivables.domain.online.minor_units import NotPayableOnline, from_minor, to_minor
from receivables.domain.online.provider import ProviderRefused, ProviderUnavailable
from receivables.models import CheckoutSession, LedgerDocument
from tests.factories.leads import CustomerFactory
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import a_dispute
from tests.receivables.made import a_document
from tests.receivables.online.made import a_session, left, of_session, owed, send
from tests.receivables.online.stripe_server import Provider
from tests.receivables.payments.test_payments import paid

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    return list(CheckoutSession.objects.order_by("pk").values_list("state", flat=True))


def test_a_link_is_random_stable_and_one_for_each_set_of_invoices(provider: Provider):
    [first, second] = owed(70, 50)

    both = pay_address([first, second])

    assert both == pay_address([second, first])
    assert both != pay_address([first])
    assert both.startswith("https://billing.example/pay/")
    assert len(link_of([first]).token) == 43
    assert first.reference not in both


def test_without_keys_there_is_no_link():
    assert pay_address(owed(70)) == ""


def test_stripe_is_asked_for_each_invoice_in_minor_units_and_for_what_the_webhook_needs(provider: Provider):
    [first, second] = owed(70, "50.10")
    link = link_of([first, second])

    assert check_out(link, at=now()) == "https://checkout.stripe.com/c/pay/cs_test_1"

    session = CheckoutSession.objects.get()
    [asked] = provider.asked
    page = pay_address([first, second])
    assert asked == {
        "mode": "payment",
        "client_reference_id": session.uid.hex,
        "metadata[session]": session.uid.hex,
        "payment_intent_data[metadata][session]": session.uid.hex,
        "adaptive_pricing[enabled]": "false",
        "success_url": f"{page}?paid",
        "cancel_url": page,
        **_line(0, first, "7000"),
        **_line(1, second, "5010"),
    }
    assert (session.external_id, session.amount) == ("cs_test_1", Decimal("120.10"))


def _line(place: int, item: LedgerDocument, amount: str) -> dict[str, str]:
    at = f"line_items[{place}]"
    return {
        f"{at}[quantity]": "1",
        f"{at}[price_data][currency]": "usd",
        f"{at}[price_data][unit_amount]": amount,
        f"{at}[price_data][product_data][name]": f"Invoice {item.reference}",
    }


def test_a_second_click_opens_the_same_session(provider: Provider):
    link = link_of(owed(70))

    assert check_out(link, at=now()) == check_out(link, at=now())
    assert (len(provider.sessions), states()) == (1, ["open"])


def test_the_sum_is_what_is_open_at_the_click_and_the_session_of_before_expires(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    paid(item.customer, 30)

    check_out(session.link, at=now())

    assert states() == ["expired", "open"]
    assert provider.open_sessions == ["cs_test_2"]
    assert provider.asked[1]["line_items[0][price_data][unit_amount]"] == "4000"


def test_an_invoice_is_never_payable_in_two_links_at_once(provider: Provider):
    [first, second] = owed(70, 50)
    a_session(first)

    a_session(first, second)

    assert provider.open_sessions == ["cs_test_2"]


def test_what_was_just_paid_in_another_window_is_waited_for(provider: Provider):
    [first, second] = owed(70, 50)
    session = a_session(first)
    provider.pay(session.external_id)

    with pytest.raises(PaymentOnItsWay):
        check_out(link_of([first, second]), at=now())

    assert (states(), len(provider.sessions)) == (["open"], 1)


def test_a_bank_debit_on_its_way_is_not_asked_for_again(provider: Provider):
    [first, second] = owed(70, 50)
    send(of_session("completed", a_session(first), paid="unpaid"))

    with pytest.raises(NothingToPay):
        check_out(link_of([first]), at=now())
    assert to_pay_now(payables(link_of([first, second]))) == 50


def test_what_is_disputed_is_not_asked_for_until_it_is_rejected_and_not_settled_by_it(provider: Provider, frank: User):
    invoice = issued(a_draft(3), frank)
    dispute = a_dispute(invoice)
    [item], [other] = LedgerDocument.objects.filter(invoice=invoice), owed(50, customer=invoice.period.customer)
    link = link_of([item, other])
    aside = item.amount - dispute.total

    assert to_pay_now(payables(link)) == aside + 50
    send(of_session("completed", a_session(item, other)))
    assert left(item, other) == [dispute.total, 0]

    reject(dispute, words="All fine.", by=frank, at=now())
    assert to_pay_now(payables(link)) == dispute.total


def test_a_session_after_its_day_is_replaced(provider: Provider):
    session = a_session(*owed(70))

    check_out(session.link, at=now() + timedelta(hours=21))
    check_out(session.link, at=now() + timedelta(hours=48))  # it has expired at Stripe by itself: no request

    assert states() == ["expired", "expired", "open"]


def test_a_session_made_by_a_process_that_died_before_it_could_store_it_is_found_again(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    CheckoutSession.objects.update(external_id="", url="")

    assert check_out(session.link, at=now()) == "https://checkout.stripe.com/c/pay/cs_test_1"

    CheckoutSession.objects.update(external_id="", url="")
    paid(item.customer, 30)
    check_out(session.link, at=now())
    assert provider.open_sessions == ["cs_test_2"]


def test_what_stripe_refuses_is_not_left_open(provider: Provider):
    link = link_of(owed("0.10"))
    provider.refuses = "The Checkout Session's total amount must convert to at least 50 cents."

    with pytest.raises(ProviderRefused):
        check_out(link, at=now())

    assert states() == ["failed"]


def test_a_stripe_that_does_not_answer_is_asked_again_with_the_same_key(provider: Provider):
    link = link_of(owed(70))
    provider.is_down = True
    with pytest.raises(ProviderUnavailable):
        check_out(link, at=now())

    provider.is_down = False
    check_out(link, at=now())

    assert (states(), list(provider.keys)) == (["open"], [CheckoutSession.objects.get().uid.hex])


def test_more_invoices_than_stripe_shows_are_one_line(provider: Provider):
    customer = CustomerFactory.create()
    items = [a_document(customer, LedgerDocument.Kind.RETURN, 1) for _ in range(101)]

    a_session(*items)

    assert provider.asked[0]["line_items[0][price_data][product_data][name]"] == "101 invoices"
    assert provider.asked[0]["line_items[0][price_data][unit_amount]"] == "10100"


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "USD", 1_234),
        ("1234", "JPY", 1_234),
        ("1234", "XOF", 1_234),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("1234", "MGA", 1_234),
        ("1.230", "KWD", 1_230),
        ("10.45", "HUF", 1_045),
        ("10.45", "TWD", 1_045),
    ],
)
def test_amounts_are_written_by_stripes_own_list_of_currencies(amount: str, currency: str, minor: int):
    assert to_minor(Decimal(amount), currency) == minor
    assert from_minor(minor, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "sentence"),
    [
        ("1.234", "KWD", "KWD\u00a01.234 can't be paid online: pay it by bank transfer."),
        ("12.50", "MGA", "MGA\u00a012.50 can't be paid online: pay it by bank transfer."),
        ("1", "CLF", "CLF can't be paid online."),
        ("1", "IQD", "IQD can't be paid online."),
    ],
)
def test_what_stripe_cant_take_is_refused_in_a_sentence(amount: str, currency: str, sentence: str):
    with pytest.raises(NotPayableOnline, match=r"^.*$") as refused:
        to_minor(Decimal(amount), currency)

    assert str(refused.value) == sentence
