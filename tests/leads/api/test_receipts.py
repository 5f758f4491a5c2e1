"""Receipts over HTTP: keys, responses and refusals."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from leads.domain.credentials.api_keys import KeyIsRevoked, create_key, revoke_key
from leads.models import ApiKey, Delivery, Lead, Source
from portal.api.urls import urlpatterns as customer_addresses
from tests.factories.leads import ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

LEAD = {"id": "L-1", "product": {"sku": "TILE-9"}}


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create(code="web")


def post(client: Client, key: str | None, body: Any, **extra: Any) -> Any:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        "/api/v1/deliveries", data, content_type=extra.pop("content_type", "application/json"), headers=headers
    )


def test_a_delivery_with_a_valid_key_is_answered_with_its_receipt(client: Client, key: str, source: Source):
    answer = post(client, key, LEAD)

    delivery = Delivery.objects.get()
    assert (answer.status_code, answer.json()["receipt"]) == (202, delivery.pk)
    assert answer.json()["results"] == [{"id": "L-1", "outcome": "created"}]
    assert (delivery.source, delivery.content_type) == (source, "application/json")


@pytest.mark.parametrize("wrong", [None, "", "lbe_", "lbe_deadbeef_x", "lbe_\0_x", "nonsense", "lbe_é"])
def test_without_a_valid_key_nothing_is_taken(client: Client, source: Source, wrong: str | None):
    answer = post(client, wrong, LEAD)

    assert (answer.status_code, answer["WWW-Authenticate"], answer["Content-Type"]) == (
        401,
        "Bearer",
        "application/problem+json",
    )
    assert answer.json()["code"] in {"not_authenticated", "key_not_valid"}
    assert not Delivery.objects.exists()


def test_a_key_is_shown_once_and_kept_as_a_digest(source: Source):
    kept, whole = create_key(source)

    assert whole.startswith(f"lbe_{kept.prefix}_")
    assert whole not in str(ApiKey.objects.values().get())


def test_a_key_with_the_right_prefix_and_another_secret_is_refused(client: Client, key: str):
    assert post(client, key[:-1] + ("a" if key[-1] != "a" else "b"), LEAD).status_code == 401


def test_a_revoked_key_is_refused_and_revoked_only_once(client: Client, key: str):
    revoke_key(ApiKey.objects.get(), by=None, at=now())

    assert post(client, key, LEAD).status_code == 401
    with pytest.raises(KeyIsRevoked):
        revoke_key(ApiKey.objects.get(), by=None, at=now())


def test_two_keys_of_a_source_open_at_the_same_time(client: Client, source: Source, key: str):
    _, other = create_key(source)

    assert [post(client, one, LEAD).status_code for one in (key, other)] == [202, 202]


def test_an_inactive_source_is_refused(client: Client, key: str):
    Source.objects.update(is_active=False)

    assert post(client, key, LEAD).status_code == 401


def test_the_last_use_of_a_key_is_noted_to_the_minute(client: Client, key: str):
    post(client, key, LEAD)
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    post(client, key, LEAD)
    assert ApiKey.objects.get().last_used_at == noted

    ApiKey.objects.update(last_used_at=datetime(2026, 1, 1, tzinfo=UTC))
    post(client, key, LEAD)
    later = ApiKey.objects.get().last_used_at
    assert later is not None
    assert later - noted < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "body_not_readable"),
        (b"", "application/json", 411, "length_missing"),
        (b"<lead/>", "application/xml", 415, "unsupported_media_type"),
        (b" " * (20 * 1024 * 1024 + 1), "application/json", 413, "too_large"),
    ],
)
def test_a_request_refused_as_a_whole_gets_a_problem_document(
    client: Client, key: str, body: bytes, content_type: str, status: int, code: str
):
    answer = post(client, key, body, content_type=content_type)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert {name: problem[name] for name in ("type", "status", "code")} == {
        "type": f"urn:lead-billing:problem:{code}",
        "status": status,
        "code": code,
    }
    assert problem["detail"]
    assert not Delivery.objects.exists()


def test_other_methods_are_refused(client: Client, key: str):
    answer = client.get("/api/v1/deliveries", headers={"Authorization": f"Bearer {key}"})

    assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, "POST, OPTIONS", "method_not_allowed")


def test_the_documentation_of_the_api_is_open_and_whole(client: Client):
    schema = client.get("/api/schema/", headers={"Accept": "application/json"}).json()

    of_customers = "/api/v1/customer/"
    assert {path for path in schema["paths"] if path.startswith(of_customers)} == {
        of_customers + re.sub(r"<str:(\w+)>", r"{\1}", str(each.pattern)) for each in customer_addresses
    }
    assert sorted(path for path in schema["paths"] if not path.startswith(of_customers)) == [
        "/api/v1/actions/{source}/{action}",
        "/api/v1/charges",
        "/api/v1/charges/{charge}/explanation",
        "/api/v1/deliveries",
        "/api/v1/hooks/{source}/{token}",
        "/api/v1/invoices",
        "/api/v1/invoices/{invoice}",
        "/api/v1/invoices/{invoice}/lines",
        "/api/v1/limits",
        "/api/v1/lines/{line}/charges",
        "/api/v1/receipts/{receipt}",
        "/api/v1/reports/activity",
    ]
    deliver = schema["paths"]["/api/v1/deliveries"]["post"]
    assert deliver["security"] == [{"api_key": []}]
    assert sorted(deliver["responses"]) == ["202", "400", "401", "403", "406", "409", "411", "413", "415", "429", "503"]
    assert sorted(deliver["requestBody"]["content"]) == ["application/json", "application/x-ndjson"]
    assert client.get("/api/docs/").status_code == 200


def test_a_lead_of_another_source_with_the_same_id_is_another_lead(client: Client, key: str):
    _, other = create_key(SourceFactory.create())

    post(client, key, LEAD), post(client, other, LEAD)

    assert Lead.objects.filter(external_id="L-1").count() == 2
