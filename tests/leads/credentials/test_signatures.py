"""Signed deliveries by Standard Webhooks: rotating secrets, unique message IDs and a short tolerance."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from standardwebhooks import Webhook
from time_machine import travel

from leads.domain.credentials.api_keys import create_key
from leads.domain.credentials.lifetime import SecretNotUsable, revoke
from leads.domain.credentials.signatures import create_secret, rotate_secret
from leads.models import Delivery, Lead, QuarantinedItem, SigningSecret, Source
from tests.factories.leads import ProductFactory, SourceFactory
from tests.processes import empty_broker

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
LEAD = {"id": "L-1", "product": {"sku": "TILE-9"}}


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    empty_broker()  # message IDs are remembered there
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create(signature_required=True)


@pytest.fixture
def secret(source: Source) -> str:
    return create_secret(source)[1]


def signed(secret: str, body: bytes, *, name: str = "msg_1", at: datetime = NOW) -> dict[str, str]:
    signature = Webhook(secret).sign(name, at, body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def post(client: Client, key: str, body: Any, headers: dict[str, str]) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        "/api/v1/deliveries",
        data,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", **headers},
    )


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_delivery_that_is_signed_with_the_sources_secret_is_taken(client: Client, key: str, secret: str):
    body = json.dumps(LEAD).encode()

    answer = post(client, key, body, signed(secret, body))

    assert told(answer) == (202, "")
    assert SigningSecret.objects.get().last_used_at == NOW


def test_where_a_signature_is_required_nothing_unsigned_is_taken(client: Client, key: str, secret: str):
    answer = post(client, key, LEAD, {})

    assert (told(answer), answer["WWW-Authenticate"]) == ((401, "signature_missing"), "Bearer")
    assert not Delivery.objects.exists()


def test_a_changed_body_another_secret_and_an_invalid_signature_are_refused(client: Client, key: str, secret: str):
    body = json.dumps(LEAD).encode()
    other = "whsec_" + b64encode(b"x" * 32).decode()
    right = signed(secret, body)

    answers = [
        post(client, key, body.replace(b"L-1", b"L-2"), right),
        post(client, key, body, signed(other, body)),
        post(client, key, body, right | {"webhook-id": "msg_2"}),
        post(client, key, body, right | {"webhook-signature": "v1,nonsense"}),
        post(client, key, body, right | {"webhook-signature": "nonsense"}),
        post(client, key, b"\xff\xfe", signed(secret, b"{}")),
    ]

    assert {told(answer) for answer in answers} == {(401, "signature_not_valid")}
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_another_time_is_stale(client: Client, key: str, secret: str, minutes: int):
    body = json.dumps(LEAD).encode()

    answer = post(client, key, body, signed(secret, body, at=NOW + timedelta(minutes=minutes)))

    assert told(answer) == (401, "signature_stale")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "nan", "9" * 40, "²"])
def test_an_invalid_timestamp_is_refused(client: Client, key: str, secret: str, timestamp: str):
    body = json.dumps(LEAD).encode()

    answer = post(client, key, body, signed(secret, body) | {"webhook-timestamp": timestamp})

    assert told(answer) in {(401, "signature_stale"), (401, "signature_missing")}


def test_the_same_message_sent_again_is_safe_and_changes_nothing(client: Client, key: str, secret: str):
    body = json.dumps(LEAD).encode()
    post(client, key, body, signed(secret, body))

    with travel(NOW + timedelta(minutes=2), tick=False):
        again = post(client, key, body, signed(secret, body, at=NOW + timedelta(minutes=2)))

    assert (told(again), again.json()["results"]) == ((202, ""), [{"id": "L-1", "outcome": "created"}])
    assert again["Idempotent-Replayed"] == "true"
    assert Delivery.objects.count() == 1
    assert Lead.objects.count() == 1


def test_one_id_with_another_body_is_refused(client: Client, key: str, secret: str):
    first, other = json.dumps(LEAD).encode(), json.dumps(LEAD | {"id": "L-2"}).encode()
    post(client, key, first, signed(secret, first))

    answer = post(client, key, other, signed(secret, other))

    assert told(answer) == (409, "idempotency_key_reused")
    assert [lead.external_id for lead in Lead.objects.all()] == ["L-1"]
    assert not QuarantinedItem.objects.exists()


def test_two_sources_may_use_the_same_id(client: Client, key: str, secret: str, source: Source):
    body, other_body = json.dumps(LEAD).encode(), json.dumps(LEAD | {"id": "L-2"}).encode()
    other = SourceFactory.create()
    post(client, key, body, signed(secret, body))

    answer = post(client, create_key(other)[1], other_body, signed(create_secret(other)[1], other_body))

    assert told(answer) == (202, "")


def test_while_a_secret_is_rotated_signatures_by_either_fit(client: Client, key: str, source: Source):
    old, old_text = create_secret(source)
    _, new_text = rotate_secret(old, until=NOW + timedelta(days=1), by=None, at=NOW)

    def sent(secret: str, name: str, at: datetime) -> tuple[int, str]:
        body = json.dumps(LEAD).encode()
        with travel(at, tick=False):
            return told(post(client, key, body, signed(secret, body, name=name, at=at)))

    later = NOW + timedelta(days=1)
    assert [sent(old_text, "a", NOW), sent(new_text, "b", NOW)] == [(202, ""), (202, "")]
    assert [sent(old_text, "c", later), sent(new_text, "d", later)] == [(401, "signature_not_valid"), (202, "")]


def test_a_sender_may_sign_with_both_secrets_at_once(client: Client, key: str, secret: str):
    body = json.dumps(LEAD).encode()
    other = "whsec_" + b64encode(b"x" * 32).decode()
    right, wrong = signed(secret, body), signed(other, body)
    both = f"{wrong['webhook-signature']} {right['webhook-signature']}"

    assert told(post(client, key, body, right | {"webhook-signature": both})) == (202, "")


def test_optional_signatures_are_still_checked(client: Client, key: str, secret: str):
    Source.objects.update(signature_required=False)
    body = json.dumps(LEAD).encode()

    unsigned = post(client, key, body, {})
    wrong = post(client, key, body, signed("whsec_" + b64encode(b"x" * 32).decode(), body))
    half = post(client, key, body, {"webhook-id": "msg_1"})

    assert [told(answer) for answer in (unsigned, wrong, half)] == [
        (202, ""),
        (401, "signature_not_valid"),
        (401, "signature_missing"),
    ]


def test_without_any_secret_the_headers_mean_nothing_unless_they_are_required(client: Client, key: str):
    body = json.dumps(LEAD).encode()
    headers = signed("whsec_" + b64encode(b"x" * 32).decode(), body)

    required = post(client, key, body, headers)
    Source.objects.update(signature_required=False)
    free = post(client, key, body, headers)

    assert [told(required), told(free)] == [(401, "signature_not_valid"), (202, "")]


def test_a_signature_by_a_revoked_secret_is_refused(client: Client, key: str, source: Source):
    secret, whole = create_secret(source)
    revoke(secret, by=None, at=NOW)
    body = json.dumps(LEAD).encode()

    assert told(post(client, key, body, signed(whole, body))) == (401, "signature_not_valid")


def test_a_secret_lies_in_the_database_encrypted(secret: str):
    kept = SigningSecret.objects.get()
    assert (secret[6:].encode() in bytes(kept.sealed), secret.startswith(kept.hint)) == (False, True)


def test_a_secret_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_is_a_fallback(
    client: Client, key: str, secret: str, settings: LazySettings
):
    body = json.dumps(LEAD).encode()
    old = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [old]
    with_fallback = post(client, key, body, signed(secret, body))
    settings.SECRET_KEY_FALLBACKS = []
    without = post(client, key, body, signed(secret, body))

    assert [told(with_fallback), told(without)] == [(202, ""), (401, "signature_not_valid")]


def test_a_secret_from_the_sender_is_accepted(client: Client, key: str, source: Source):
    given = "whsec_" + b64encode(bytes(range(24))).decode()
    create_secret(source, given=f" {given} ")
    body = json.dumps(LEAD).encode()

    assert told(post(client, key, body, signed(given, body))) == (202, "")


@pytest.mark.parametrize("given", ["whsec_", "whsec_c2hvcnQ=", "secret", "whsec_ééé", "whsec_" + "A" * 400])
def test_an_invalid_secret_is_refused(source: Source, given: str):
    with pytest.raises(SecretNotUsable):
        create_secret(source, given=given)
    assert not SigningSecret.objects.exists()
