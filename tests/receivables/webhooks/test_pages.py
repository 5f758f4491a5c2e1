"""The pages of webhooks: a secret is shown once, the log tells what was answered, and a viewer changes nothing."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from leads.domain.credentials.encryption import decrypt
from receivables.models import EventSubscription, WebhookDelivery, WebhookEndpoint
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.receivables.webhooks.made import a_payment, sweep
from tests.receivables.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

LIST = reverse("admin:receivables_webhookendpoint_changelist")
NEW = f"{LIST}new/"
LOG = reverse("admin:receivables_webhookdelivery_changelist")
BY_EMAIL = reverse("admin:receivables_events_by_email")
ENTERED = {"name": "Books", "url": "https://receiver.example/hooks", "kinds": ["invoice.paid"], "unrated_hours": 24}


@pytest.fixture
def frank(client: Client) -> User:
    frank = with_role("Finance")
    client.force_login(frank)
    return frank


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def press(client: Client, name: str, row: WebhookEndpoint | WebhookDelivery, /, **answers: Any) -> HttpResponse:
    kind = row._meta.model_name
    return client.post(reverse(f"admin:receivables_{kind}_{name}", args=[row.pk]), answers, follow=True)


def test_an_endpoint_is_added_and_its_secret_is_shown_once(frank: User, client: Client) -> None:
    shown = text_of(client.post(NEW, ENTERED))
    endpoint = WebhookEndpoint.objects.get()
    secret = decrypt(endpoint.secrets.get().sealed)

    assert secret
    assert f'value="{secret}"' in shown
    for address in (LIST, reverse("admin:receivables_webhookendpoint_change", args=[endpoint.pk])):
        page = text_of(client.get(address))
        assert "Books" in page
        assert secret not in page
    rotated = text_of(press(client, "rotate", endpoint))
    assert decrypt(endpoint.secrets.get(expires_at=None).sealed) in re.findall(r'value="(whsec_[^"]+)"', rotated)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "https://169.254.169.254/"}, "The address is not public."),
        ({"url": "http://receiver.example/"}, "The address must start with https://."),
        ({"kinds": []}, "This field is required."),
        ({"customer": "UNKNOWN"}, "No customer has the code UNKNOWN."),
    ],
)
def test_what_is_wrong_is_told_beside_the_form_and_nothing_is_stored(
    frank: User, client: Client, wrong: dict[str, str], told: str
) -> None:
    assert told in text_of(client.post(NEW, ENTERED | wrong))
    assert WebhookEndpoint.objects.count() == 0


def test_the_log_tells_what_was_sent_and_answered_and_sends_again(
    frank: User, client: Client, receiver: Receiver
) -> None:
    customer = CustomerFactory.create(code="ASH")
    client.post(NEW, ENTERED | {"url": receiver.url, "kinds": ["payment.received"], "customer": "ASH"})
    receiver.answer = b"thank you"
    a_payment(customer)
    sweep()
    [delivery] = client.get(LOG, {"endpoint__id__exact": WebhookEndpoint.objects.get().pk}).context["cl"].result_list
    address = reverse("admin:receivables_webhookdelivery_change", args=[delivery.pk])

    page = text_of(client.get(address))
    assert ("payment.received" in page, "thank you" in page) == (True, True)
    assert "It is on its way." in text_of(press(client, "send_again", delivery))

    client.force_login(with_role("Viewer"))
    page = text_of(client.get(address))
    assert ("payment.received" in page, "thank you" in page) == (True, False)


def test_an_endpoint_is_switched_off_changed_tested_and_switched_on(frank: User, client: Client) -> None:
    client.post(NEW, ENTERED)
    endpoint = WebhookEndpoint.objects.get()
    for name, answers, told in (
        ("switch_off", {"reason": "The books move"}, "Switched off."),
        ("edit", ENTERED | {"name": "New books"}, "Saved."),
        ("send_test", {}, "The test is on its way."),
        ("switch_on", {}, "Switched on."),
    ):
        assert told in text_of(press(client, name, endpoint, **answers)), name
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.is_active) == ("New books", True)
    assert WebhookDelivery.objects.waiting().tests().count() == 1


def test_a_viewer_sees_endpoints_and_changes_nothing(frank: User, client: Client) -> None:
    client.post(NEW, ENTERED)
    endpoint = WebhookEndpoint.objects.get()
    client.force_login(with_role("Viewer"))

    assert client.get(LIST).status_code == 200
    assert client.get(NEW).status_code == 403
    assert press(client, "rotate", endpoint).status_code == 403
    assert endpoint.secrets.count() == 1


def test_a_person_chooses_the_events_to_be_mailed_about(frank: User, client: Client) -> None:
    assert "Saved." in text_of(client.post(BY_EMAIL, {"kinds": ["invoice.paid", "payment.received"]}, follow=True))
    assert sorted(EventSubscription.objects.values_list("person", "kind")) == [
        (frank.pk, "invoice.paid"),
        (frank.pk, "payment.received"),
    ]
    client.post(BY_EMAIL, {"kinds": []})
    assert EventSubscription.objects.count() == 0
