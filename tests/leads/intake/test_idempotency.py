"""Responses are kept per source: a repeated idempotency key gets the same one, and receipts can be retrieved."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from time_machine import travel

from leads.domain.credentials.api_keys import create_key
from leads.domain.quarantine.settle import discard, repair
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, DeliveryFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

LEAD = {"id": "L-1", "product": {"sku": "TILE-9"}}
OTHER = {"id": "L-2", "product": {"sku": "TILE-9"}}
DONE_AT = datetime(2026, 10, 21, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9")
    ActionTypeFactory.create()
    return SourceFactory.create(code="web")


def post(client: Client, key: str, body: Any, idempotency_key: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/api/v1/deliveries", data, content_type="application/json", headers=headers)


def get(client: Client, key: str, receipt: int) -> Any:
    return client.get(f"/api/v1/receipts/{receipt}", headers={"Authorization": f"Bearer {key}"})


def test_the_same_key_and_body_get_the_first_answer_again_byte_for_byte(client: Client, key: str):
    with travel("2026-10-20T09:00:00Z"):
        first = post(client, key, LEAD, "k-1")
    with travel("2027-10-20T09:00:00Z"):
        second = post(client, key, LEAD, "k-1")

    assert (second.status_code, second.content, second["Location"]) == (202, first.content, first["Location"])
    assert ("Idempotent-Replayed" in first, second["Idempotent-Replayed"]) == (False, "true")
    assert first.json()["results"] == [{"id": "L-1", "outcome": "created"}]
    assert Delivery.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(client: Client, key: str):
    post(client, key, LEAD, "k-1")

    answer = post(client, key, OTHER, "k-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert list(Lead.objects.values_list("external_id", flat=True)) == ["L-1"]


def test_without_a_key_the_same_again_is_received_again(client: Client, key: str):
    assert post(client, key, LEAD).json()["receipt"] != post(client, key, LEAD).json()["receipt"]


def test_a_key_is_its_sources_own(client: Client, key: str):
    _, other = create_key(SourceFactory.create())
    post(client, key, LEAD, "k-1")

    answer = post(client, other, OTHER, "k-1")

    assert (answer.status_code, answer.json()["results"]) == (202, [{"id": "L-2", "outcome": "created"}])


def test_what_is_refused_as_a_whole_uses_no_key_up(client: Client, key: str):
    assert post(client, key, b"{", "k-1").status_code == 400

    assert post(client, key, LEAD, "k-1").status_code == 202


@pytest.mark.parametrize("wrong", ["", "k" * 201, "schlüssel", "a\tb"])
def test_an_invalid_key_is_refused(client: Client, key: str, wrong: str):
    answer = post(client, key, LEAD, wrong)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert not Delivery.objects.exists()


def test_a_receipt_is_returned_again_unchanged(client: Client, key: str):
    with travel("2026-10-20T09:00:00Z", tick=False):
        first = post(client, key, {"leads": [LEAD], "batch_id": "b-1", "sent_at": "2026-10-20T08:59:00Z"})

    again = client.get(first["Location"], headers={"Authorization": f"Bearer {key}"})

    envelope = {"received_at": "2026-10-20T09:00:00Z", "batch_id": "b-1", "sent_at": "2026-10-20T08:59:00Z"}
    assert (again.status_code, again.json()) == (200, first.json() | envelope)


def test_a_receipt_shows_what_was_settled_since(client: Client, key: str):
    bad = {"type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z"}
    refused = [
        LEAD | {"actions": [bad | {"id": "A-1", "quantity": -1}, bad | {"id": "A-2", "colour": "red"}]},
        {"id": "L-2", "colour": "red", "actions": [bad | {"id": "A-1"}]},
    ]
    with travel("2026-10-20T09:00:00Z"):
        receipt = post(client, key, refused).json()["receipt"]
    wrong_quantity, red_action, red_lead = QuarantinedItem.objects.order_by("pk")
    mended = {**wrong_quantity.content, "actions": [bad | {"id": "A-1", "quantity": 1}]}
    repair(wrong_quantity, content=mended, by=UserFactory.create(), at=DONE_AT)
    discard(red_lead, note="Sent by mistake", by=UserFactory.create(), at=DONE_AT)

    first, second = get(client, key, receipt).json()["results"]

    at = "2026-10-21T00:00:00Z"
    let_go = {"state": "discarded", "settled_at": at, "note": "Sent by mistake", "changes": []}
    assert "settled" not in first
    assert [action["settled"]["state"] for action in first["actions"]] == ["repaired", "waiting"]
    assert [result["settled"] for result in (second, *second["actions"])] == [let_go, let_go]
    assert red_action.state == "waiting"


def test_a_receipt_of_another_source_is_not_returned(client: Client, key: str):
    other, other_key = SourceFactory.create(), create_key(SourceFactory.create())[1]
    receipt = post(client, key, LEAD).json()["receipt"]
    assert other.pk

    for whose, number in ((other_key, receipt), (key, receipt + 1), (key, 10**15), (key, 10**30)):
        answer = get(client, whose, number)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_delivery_without_a_kept_receipt_has_its_counts(client: Client, source: Source, key: str):
    old = DeliveryFactory.create(source=source, leads_received=2, leads_duplicate=2)

    answer = get(client, key, old.pk).json()

    assert (answer["counts"]["leads_duplicate"], answer["results"]) == (2, [])


def test_a_delivery_that_waits_too_long_for_another_is_told_to_retry(
    client: Client, key: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leads.domain.limits.STEP_SECONDS", 0.2)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$;"
            "CREATE TRIGGER slow BEFORE INSERT ON leads_lead FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.slow()"
        )

    answer = post(client, key, LEAD)

    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "busy")
    assert (Lead.objects.count(), Delivery.objects.count(), Action.objects.count()) == (0, 0, 0)
