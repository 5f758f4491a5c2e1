"""Deliveries: signed, in order for each customer, retried by the schedule, and never stopped by another receiver."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks import Webhook

from billing_engine.core.models import Deed
from billing_engine.core.outgoing import exchange
from billing_engine.core.outgoing.exchange import asked_for
from receivables.domain.webhooks.deliveries import ENDPOINTS, LEASE
from receivables.domain.webhooks.endpoints import (
    rotate,
    send_again,
    send_failed_again,
    send_test,
    switch_off,
    switch_on,
)
from receivables.domain.webhooks.outbox import KEPT
from receivables.domain.webhooks.post import headers_of
from receivables.domain.webhooks.timetable import PAUSES, next_attempt
from receivables.models import EventMail, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.receivables.webhooks.made import NOON, a_payment, an_endpoint, states, sweep
from tests.receivables.webhooks.receiver import Receiver, opened

pytestmark = pytest.mark.django_db


def signed_by(secret: str, receiver: Receiver, which: int = -1) -> dict[str, Any]:
    """The body, if the receiver's library accepts its signature; its clock stands still in tests."""
    headers, body = receiver.arrived[which]
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = Webhook(secret).sign(headers["webhook-id"], at, body.decode())
    assert expected in headers["webhook-signature"].split()
    return receiver.bodies[which]


def test_a_delivery_is_signed_by_the_bytes_that_are_sent(receiver: Receiver) -> None:
    _, secret = an_endpoint(receiver.url)
    payment = a_payment(CustomerFactory.create(code="ASH"))
    sweep()

    event = WebhookEvent.objects.get()
    assert signed_by(secret, receiver) == {
        "type": "payment.received",
        "timestamp": event.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {
            "customer": "ASH",
            "sequence": 1,
            "document": payment.pk,
            "amount": "10",
            "currency": payment.currency,
            "posted_on": "2026-11-03",
        },
    }
    assert receiver.ids == [f"evt_{event.uid.hex}"]
    assert states() == [(1, "sent", 1, False)]


def test_one_instant_has_one_signature_in_every_zone(receiver: Receiver) -> None:
    _, secret = an_endpoint(receiver.url)
    a_payment(CustomerFactory.create())
    sweep()
    delivery = WebhookDelivery.objects.get()
    elsewhere = NOON.astimezone(timezone(timedelta(hours=1)))

    assert headers_of(delivery, b"{}", [secret], at=NOON) == headers_of(delivery, b"{}", [secret], at=elsewhere)


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver: Receiver) -> None:
    endpoint, old = an_endpoint(receiver.url)
    customer = CustomerFactory.create()
    new = rotate(endpoint, by=with_role("Finance"), at=NOON)
    a_payment(customer)
    sweep()
    assert signed_by(old, receiver) == signed_by(new, receiver)

    a_payment(customer)
    sweep(NOON + timedelta(hours=25))
    signed_by(new, receiver)
    assert " " not in receiver.arrived[-1][0]["webhook-signature"]


def test_a_receiver_that_fails_for_a_while_gets_everything_in_order_with_the_same_ids(receiver: Receiver) -> None:
    an_endpoint(receiver.url)
    ash, birch = CustomerFactory.create(name="Ash"), CustomerFactory.create(name="Birch")
    receiver.statuses = [500, 200, 500]
    a_payment(ash)
    a_payment(ash)
    a_payment(birch)

    sweep()
    assert states() == [(1, "waiting", 1, False), (2, "waiting", 0, False), (1, "sent", 1, False)]
    sweep(NOON + timedelta(seconds=3))
    assert len(receiver.arrived) == 2
    sweep(NOON + timedelta(minutes=1))
    sweep(NOON + timedelta(minutes=8))

    assert states() == [(1, "sent", 3, False), (2, "sent", 1, False), (1, "sent", 1, False)]
    first = [
        uid for uid, body in zip(receiver.ids, receiver.bodies, strict=True) if body["data"]["customer"] == ash.code
    ]
    assert first == [first[0]] * 3 + [first[3]]
    assert WebhookEndpoint.objects.get().failing_since is None


def test_a_blocked_event_is_parked_after_some_tries_and_later_ones_show_by_their_number_what_is_missing(
    receiver: Receiver,
) -> None:
    an_endpoint(receiver.url)
    customer = CustomerFactory.create()
    receiver.statuses = [400, 400, 400]
    a_payment(customer)
    a_payment(customer)
    for minutes in (0, 1, 8):
        sweep(NOON + timedelta(minutes=minutes))

    assert states() == [(1, "waiting", 3, True), (2, "sent", 1, False)]
    assert receiver.sequences == [1, 1, 1, 2]
    sweep(NOON + timedelta(hours=1))
    assert receiver.sequences == [1, 1, 1, 2, 1]
    assert states() == [(1, "sent", 4, False), (2, "sent", 1, False)]


def test_the_schedule_is_the_published_one_with_jitter_and_ends_after_three_days() -> None:
    waits = [next_attempt(attempts, at=NOON) for attempts in range(1, 11)]

    assert waits[-1] is None
    for due, pause in zip(waits, PAUSES, strict=False):
        assert due is not None
        assert NOON + pause <= due <= NOON + pause * 1.1
    assert sum(PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        ("Tue, 03 Nov 2026 12:10:00 GMT", 600),
        ("999999999", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_heeded_up_to_a_day(header: str, wait: int | None) -> None:
    assert asked_for(header, at=NOON) == (None if wait is None else NOON + timedelta(seconds=wait))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_receiver_that_has_too_much_to_do_is_left_alone(receiver: Receiver, status: int) -> None:
    an_endpoint(receiver.url)
    receiver.statuses, receiver.headers = [status], {"Retry-After": "600"}
    a_payment(CustomerFactory.create(name="Ash"))
    a_payment(CustomerFactory.create(name="Birch"))
    sweep()
    sweep(NOON + timedelta(minutes=9))
    assert len(receiver.arrived) == 1

    sweep(NOON + timedelta(minutes=11))
    assert [state for _, state, *_ in states()] == ["sent", "sent"]


def test_a_receiver_that_is_gone_is_switched_off_at_once_and_its_maker_is_told(receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(receiver.url)
    receiver.statuses = [410]
    a_payment(CustomerFactory.create())
    sweep()

    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.off_at) == (False, NOON)
    assert endpoint.off_reason == "It answered 410 (gone): it wants no more deliveries."
    assert [(mail.person, mail.endpoint) for mail in EventMail.objects.all()] == [(endpoint.created_by, endpoint)]
    assert Deed.objects.filter(verb="webhook_endpoint_failed").count() == 1


def test_after_three_days_without_a_success_it_is_off_until_a_test_arrives_and_nothing_is_lost(
    receiver: Receiver,
) -> None:
    endpoint, _ = an_endpoint(receiver.url)
    customer, by = CustomerFactory.create(), with_role("Finance")
    receiver.statuses = [500] * 30
    a_payment(customer)
    for hours in (0, 1, 2, 8, 20, 36, 58, 85):
        sweep(NOON + timedelta(hours=hours))
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.off_reason) == (False, "No delivery arrived for 3 days.")

    a_payment(customer)
    sent = len(receiver.arrived)
    sweep(NOON + timedelta(hours=86))
    assert len(receiver.arrived) == sent

    receiver.statuses = []
    send_test(endpoint, by=by, at=NOON + timedelta(hours=87))
    for minutes in (0, 2):
        sweep(NOON + timedelta(hours=87, minutes=minutes))
    endpoint.refresh_from_db()
    assert endpoint.is_active
    assert receiver.bodies[sent]["type"] == "webhook.test"
    send_failed_again_if_any(endpoint)
    sweep(NOON + timedelta(hours=120))
    assert sorted(receiver.sequences_since(sent + 1)) == [1, 2]


def send_failed_again_if_any(endpoint: WebhookEndpoint) -> None:
    if WebhookDelivery.objects.filter(state="failed").exists():
        send_failed_again(endpoint, by=with_role("Finance"), at=NOON + timedelta(hours=88))


def test_a_test_that_fails_leaves_the_endpoint_off(receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(receiver.url)
    by = with_role("Finance")
    switch_off(endpoint, reason="The books move", by=by, at=NOON)
    receiver.statuses = [500]
    send_test(endpoint, by=by, at=NOON)
    sweep()

    endpoint.refresh_from_db()
    assert (endpoint.is_active, states()) == (False, [(None, "failed", 1, False)])


def test_what_happens_while_an_endpoint_is_off_is_sent_once_it_is_on(receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(receiver.url)
    by = with_role("Finance")
    switch_off(endpoint, reason="", by=by, at=NOON)
    a_payment(CustomerFactory.create())
    sweep()
    assert receiver.arrived == []

    switch_on(endpoint, by=by, at=NOON)
    sweep(NOON + timedelta(minutes=2))
    assert receiver.sequences == [1]


def test_a_redirect_is_a_failure_and_is_not_followed(receiver: Receiver) -> None:
    with opened() as other:
        receiver.statuses, receiver.headers = [302], {"Location": other.url}
        an_endpoint(receiver.url)
        a_payment(CustomerFactory.create())
        sweep()

        assert other.arrived == []
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("waiting", 302)
    assert delivery.reason == "It redirects. Enter the address that it redirects to."


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_slow_receiver_is_cut_off_and_makes_no_other_wait(
    receiver: Receiver, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "TOTAL_SECONDS", 0.2)
    setattr(receiver, how, True)
    with opened() as quick:
        an_endpoint(receiver.url)
        an_endpoint(quick.url, name="Quick")
        a_payment(CustomerFactory.create(name="Ash"))
        a_payment(CustomerFactory.create(name="Birch"))
        sweep()

        assert len(quick.arrived) == 2
    assert len(receiver.arrived) == 1
    slow = WebhookDelivery.objects.filter(endpoint__name="Books").order_by("pk")
    assert [(each.state, each.attempts) for each in slow] == [("waiting", 1), ("waiting", 0)]
    assert "did not answer within" in slow[0].reason


def test_only_the_start_of_an_answer_is_read_and_kept(receiver: Receiver) -> None:
    receiver.answer = b"x\x00" * 1_000_000
    an_endpoint(receiver.url)
    a_payment(CustomerFactory.create())
    sweep()

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.answer) == ("sent", "x\ufffd" * 250)


def test_a_delivery_is_sent_again_by_hand_with_the_same_id(receiver: Receiver) -> None:
    an_endpoint(receiver.url)
    a_payment(CustomerFactory.create())
    sweep()
    send_again(WebhookDelivery.objects.get(), by=with_role("Finance"), at=NOON)
    sweep(NOON + timedelta(minutes=2))

    assert receiver.ids[0] == receiver.ids[1]
    assert receiver.arrived[0][1] == receiver.arrived[1][1]
    assert Deed.objects.filter(verb="webhook_sent_again").count() == 1


def test_two_messages_for_one_endpoint_make_one_pass(receiver: Receiver) -> None:
    an_endpoint(receiver.url)
    a_payment(CustomerFactory.create())
    ENDPOINTS.tidy(at=NOON)
    [message] = ENDPOINTS.due(at=NOON)
    WebhookEndpoint.objects.update(attempts=1, next_attempt_at=NOON + LEASE)  # a worker has it
    ENDPOINTS.work(**message, at=NOON)

    assert receiver.arrived == []


def test_the_log_is_kept_for_a_month_and_numbers_go_on(receiver: Receiver) -> None:
    an_endpoint(receiver.url)
    customer = CustomerFactory.create()
    a_payment(customer)
    a_payment(customer)
    WebhookEvent.objects.update(occurred_at=NOON)
    sweep()
    ENDPOINTS.tidy(at=NOON + KEPT + timedelta(hours=1))
    assert states() == [(2, "sent", 1, False)]
    assert WebhookEvent.objects.count() == 1

    a_payment(customer)
    sweep(NOON + KEPT + timedelta(hours=2))
    assert states()[-1] == (3, "sent", 1, False)
