"""The payer's page and finance's page: what they show, and that looking changes nothing."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from invoices.domain.mail.template import email_text
from receivables.domain.ledger.items import with_left
from receivables.domain.online.links import link_of, pay_address
from receivables.domain.reminders.letter import letter_of
from receivables.domain.reminders.owed import Due, Owed
from receivables.models import CheckoutSession, LedgerDocument, OnlineEvent, ReminderSchedule
from tests.factories.online import OnlineEventFactory
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import a_dispute
from tests.receivables.online.made import a_session, kinds, of_session, owed, page_of, send
from tests.receivables.online.stripe_server import Provider
from tests.receivables.payments.test_payments import paid

pytestmark = pytest.mark.django_db


def shown(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_shows_what_is_to_be_paid_and_only_a_press_makes_a_session(
    provider: Provider, frank: User, settings: LazySettings
):
    settings.SELLER = {**settings.SELLER, "email": "billing@swatchyard.example"}
    invoice = issued(a_draft(3), frank)
    dispute = a_dispute(invoice)
    [item], [other] = LedgerDocument.objects.filter(invoice=invoice), owed(50, customer=invoice.period.customer)
    path = page_of(link_of([item, other]))

    answer, page = Client().get(path), shown(path)

    assert (CheckoutSession.objects.count(), provider.asked) == (0, [])
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "same-origin")
    assert "no-store" in answer["Cache-Control"]
    assert '<button type="submit">Pay $50.00</button>' in page
    assert f"${dispute.total:.2f} disputed and set aside" in page
    assert "billing@swatchyard.example" in page

    pressed = Client().post(path)
    assert (pressed.status_code, pressed["Location"]) == (302, "https://checkout.stripe.com/c/pay/cs_test_1")
    assert provider.asked[0]["line_items[0][price_data][unit_amount]"] == "5000"


def test_the_page_reads_what_is_open_at_each_moment(provider: Provider):
    [item] = owed(70)
    path = page_of(link_of([item]))
    assert "Pay $70.00" in shown(path)

    paid(item.customer, 30)
    assert "Pay $40.00" in shown(path)

    send(of_session("completed", a_session(item), paid="unpaid"))
    assert "Payment on its way" in shown(path)
    assert "<button" not in shown(path)
    assert Client().post(path).status_code == 409

    send(of_session("async_payment_succeeded", CheckoutSession.objects.get()))
    assert "Nothing to pay" in shown(path)


def test_who_comes_back_from_stripe_is_thanked_and_not_asked_again(provider: Provider):
    session = a_session(*owed(70))

    page = shown(page_of(session.link) + "?paid")

    assert "Thank you" in page
    assert "<button" not in page


def test_if_stripe_does_not_answer_the_page_says_so_and_nothing_is_charged(provider: Provider):
    path = page_of(link_of(owed(70)))
    provider.is_down = True

    answer = Client().post(path)

    assert answer.status_code == 503
    assert "Paying online does not work right now. Nothing was charged." in answer.content.decode()


def test_an_unknown_link_and_one_while_paying_online_is_off_are_not_found(provider: Provider, settings: LazySettings):
    path = page_of(link_of(owed(70)))
    assert Client().get("/pay/unknown/").status_code == 404

    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "secret_key": ""}
    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code == 404


def test_a_press_from_another_site_is_refused(provider: Provider):
    path = page_of(link_of(owed(70)))

    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert provider.asked == []


def test_finance_sees_what_waits_and_why_and_runs_it_again_or_sets_it_aside(provider: Provider, finance: Client):
    session = a_session(*owed(70))
    event = of_session("completed", session)
    CheckoutSession.objects.filter(pk=session.pk).update(uid="00000000-0000-4000-8000-000000000000")
    found = send(event)
    assert found is not None
    other = OnlineEventFactory.create()

    page = finance.get(reverse("admin:receivables_onlineevent_changelist")).content.decode()
    assert "It names no checkout session of ours." in page
    CheckoutSession.objects.filter(pk=session.pk).update(uid=session.uid)
    finance.post(f"/admin/receivables/onlineevent/{found.pk}/run_again/")
    finance.post(f"/admin/receivables/onlineevent/{other.pk}/set_aside/", {"reason": "Another shop."})

    assert kinds() == {"payment": 1}
    assert dict(OnlineEvent.objects.values_list("pk", "state")) == {found.pk: "done", other.pk: "aside"}
    one = finance.get(f"/admin/receivables/onlineevent/{found.pk}/change/").content.decode()
    assert "Checkout session completed" in one
    assert "northlight" not in one


def test_the_emails_of_invoices_and_reminders_show_the_link_and_nothing_while_it_is_off(
    provider: Provider, frank: User, settings: LazySettings
):
    invoice = issued(a_draft(3), frank)
    item = with_left(LedgerDocument.objects.filter(invoice=invoice)).get()
    level = ReminderSchedule.objects.create(seller=None, level=9, days=7)
    due = Due(item, item.posted_on, 9, item.left, item.left * 0, item.left * 0, 1, True)
    owes = Owed(item.customer, 1, [due])
    line = f"Pay online: {pay_address([item])}"

    assert line in email_text(invoice)[1].splitlines()
    assert line in letter_of(owes, level, at=now())[1].splitlines()

    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "site": ""}
    for said in (email_text(invoice)[1], letter_of(owes, level, at=now())[1]):
        assert "online" not in said
        assert "\n\n\n" not in said
