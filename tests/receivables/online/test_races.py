"""The same event twice at once, two clicks at once, and processes that are killed in between."""

import json
import os
import signal

import pytest
import stripe
from django.test import Client

from billing_engine.core.models import Deed
from receivables.models import CheckoutSession, OnlineEvent
from tests.processes import PROLOGUE, at_once, fork
from tests.receivables.online.made import EVENTS, SECRET, a_session, kinds, left, of_session, owed, page_of, send
from tests.receivables.online.stripe_server import KEY, Provider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ON = """
from django.conf import settings
from django.test import Client
settings.ONLINE_PAYMENTS = {settings}
settings.ALLOWED_HOSTS = ["testserver"]
"""
EVENT = """
answer = Client().post({events!r}, {body!r}, content_type="application/json", headers={{"Stripe-Signature": {header!r}}})
print(answer.status_code)
"""
CLICK = """
answer = Client().post({path!r})
print(answer.status_code, answer.headers.get("Location", ""))
"""


def on(provider: Provider) -> str:
    found = {"secret_key": KEY, "webhook_secret": SECRET, "api_base": provider.base, "site": "https://billing.example"}
    return ON.format(settings=found)


def sending(event: dict[str, object]) -> str:
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    return EVENT.format(events=EVENTS, body=body, header=header)


def test_the_same_event_twice_at_once_and_the_same_payment_in_another_event_is_booked_once(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    event = of_session("completed", session)
    other = {**event, "id": "evt_other", "type": "checkout.session.async_payment_succeeded"}

    said = at_once(*(on(provider) + sending(each) for each in (event, event, other)))

    assert said == ["200", "200", "200"]
    assert (kinds(), left(item)) == ({"payment": 1}, [0])
    assert sorted(OnlineEvent.objects.values_list("state", flat=True)) == ["done", "nothing"]
    assert Deed.objects.filter(verb="payment_recorded").count() == 1


def test_two_clicks_at_once_lead_to_the_same_session(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    CheckoutSession.objects.update(state="expired")
    click = on(provider) + CLICK.format(path=page_of(session.link))

    said = at_once(click, click)

    assert said == 2 * ["302 https://checkout.stripe.com/c/pay/cs_test_2"]
    assert CheckoutSession.objects.open().count() == 1


def test_a_process_killed_before_it_booked_leaves_nothing_and_the_event_is_booked_when_it_is_sent_again(
    provider: Provider,
):
    [item] = owed(70)
    session = a_session(item)
    event = of_session("completed", session)
    provider.hangs_at = "payment_intents"
    killed(provider, on(provider) + sending(event))
    assert (OnlineEvent.objects.count(), kinds(), left(item)) == (0, {}, [70])

    send(event)

    assert (kinds(), left(item)) == ({"payment": 1}, [0])


def test_a_process_killed_while_stripe_makes_a_session_does_not_lead_to_a_second_one(provider: Provider):
    [item] = owed(70)
    session = a_session(item)
    CheckoutSession.objects.update(state="expired")
    provider.hangs_at = "checkout/sessions"
    killed(provider, on(provider) + CLICK.format(path=page_of(session.link)))
    [open_one] = CheckoutSession.objects.open()
    assert open_one.url == ""

    answer = Client().post(page_of(session.link))

    assert answer["Location"] == "https://checkout.stripe.com/c/pay/cs_test_2"
    assert len(provider.sessions) == 2
    assert CheckoutSession.objects.open().get().pk == open_one.pk


def killed(provider: Provider, program: str) -> None:
    """Run a program until the provider was asked; then kill it, and let the provider go on."""
    running = fork(PROLOGUE + program)
    assert provider.reached.wait(60)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    provider.hangs_at = ""
    provider.released.set()
