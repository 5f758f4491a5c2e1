"""Every lead that a test key sends is a test: stored, answered and never charged; it touches nothing that is billed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order")
    return SourceFactory.create(code="web")


@pytest.fixture
def tests_key(source: Source) -> str:
    return create_key(source, is_test=True)[1]


def lead(number: int, *actions: Any, **facts: Any) -> dict[str, Any]:
    return {"id": f"L-{number}", "product": {"sku": "TILE-9"}, "actions": list(actions), **facts}


def action(number: int = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def post(client: Client, key: str, body: Any, **headers: str) -> Any:
    named = {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
    return client.post("/api/v1/deliveries", data, content_type=kind, headers=named)


def outcomes(answer: Any) -> list[tuple[str, ...]]:
    return [
        (result["outcome"], *(each["outcome"] for each in result.get("actions", [])))
        for result in answer.json()["results"]
    ]


def test_every_lead_of_a_test_key_is_a_test_and_the_receipt_says_so(client: Client, key: str, tests_key: str) -> None:
    sent = post(client, tests_key, [lead(1, action(1)), lead(2, is_test=False), lead(3, is_test=True)])
    later = post(client, tests_key, {"id": "L-1", "actions": [action(2)]})
    live = post(client, key, lead(4))
    again = client.get(sent["Location"], headers={"Authorization": f"Bearer {key}"})

    assert (outcomes(sent), outcomes(later)) == ([("test", "test"), ("test",), ("test",)], [("updated", "test")])
    assert [answer.json().get("test") for answer in (sent, later, again, live)] == [True, True, True, None]
    assert list(Lead.objects.order_by("pk").values_list("is_test", flat=True)) == [True, True, True, False]
    assert list(Delivery.objects.order_by("pk").values_list("is_test", flat=True)) == [True, True, False]


def test_a_test_key_neither_adds_to_nor_voids_what_is_billed(client: Client, key: str, tests_key: str) -> None:
    post(client, key, lead(1, action(1)))

    answers = [
        post(client, tests_key, body)
        for body in (
            lead(1, action(2)),
            {"id": "L-1", "actions": [action(3)]},
            {"id": "L-1", "actions": [{"id": "A-1", "void": {"reason": "Robot"}}]},
        )
    ]

    assert [outcomes(answer) for answer in answers] == [[("conflict", "quarantined")]] * 3
    assert {answer.json()["results"][0]["message"] for answer in answers} == {
        "A lead with this ID is already stored with a different is_test."
    }
    assert list(Action.objects.values_list("external_id", "voided_at", "lead__is_test")) == [("A-1", None, False)]


def test_what_a_test_key_left_in_quarantine_stays_a_test(client: Client, key: str, tests_key: str) -> None:
    by = UserFactory.create()
    for each in (tests_key, key):
        post(client, each, b'{"id": "L-1", "product"')  # can't be read, so nothing in it says that it is a test
    post(client, tests_key, lead(2, product={"sku": "NONE"}))
    unread, live, wrong = QuarantinedItem.objects.order_by("pk")

    repair(unread, content=lead(1), by=by, at=NOW, by_hand=True)
    repair(wrong, content=lead(2), by=by, at=NOW)

    stored = Lead.objects.order_by("external_id").values_list("external_id", "is_test")
    assert list(stored) == [("L-1", True), ("L-2", True)]
    assert (wrong.content["is_test"], live.state, live.times_sent) == (True, "waiting", 1)


def test_only_a_person_makes_a_test_of_a_billed_lead(client: Client, key: str, tests_key: str) -> None:
    by = UserFactory.create()
    post(client, key, lead(1, action(1)))
    post(client, tests_key, {"id": "L-1", "actions": [action(2)]})
    item = QuarantinedItem.objects.get()

    with pytest.raises(StillRefused):
        repair(item, content=item.content | {"is_test": False}, by=by, at=NOW)
    assert not Lead.objects.get().is_test
    take_new(item, note="It was our robot", by=by, at=NOW)

    assert list(Action.objects.values_list("external_id", "lead__is_test")) == [("A-1", True), ("A-2", True)]


def test_a_test_leaves_the_idempotency_key_free(client: Client, key: str, tests_key: str) -> None:
    body, named = lead(1), {"Idempotency_Key": "batch-1"}

    answers = [post(client, each, body, **named) for each in (tests_key, tests_key)]
    live = post(client, key, lead(2), **named)

    assert [answer.get("Idempotent-Replayed") for answer in (*answers, live)] == [None, "true", None]
    assert (outcomes(live), answers[0].content == answers[1].content) == ([("created",)], True)
