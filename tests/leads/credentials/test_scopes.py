"""An API key may do what its scopes say, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from billing_engine.core.models import Deed
from leads.domain.credentials.api_keys import (
    PricesWithoutReading,
    ScopesMissing,
    create_key,
    rotate_key,
    set_scopes,
)
from leads.models import ApiKey, Delivery, Source
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
Scope = ApiKey.Scope


def asked(client: Client, plaintext: str, source: Source) -> list[tuple[int, str]]:
    """The status and the code of each request that a source can make."""
    headers = {"Authorization": f"Bearer {plaintext}"}
    answers: list[Any] = [
        client.post("/api/v1/deliveries", b"[]", content_type="application/json", headers=headers),
        client.get("/api/v1/receipts/999999", headers=headers),
        client.get(f"/api/v1/actions/{source.code}/A-1?lead=L-1", headers=headers),
        client.get("/api/v1/charges/999999/explanation", headers=headers),
    ]
    return [(answer.status_code, answer.json().get("code", "")) for answer in answers]


SENT, REFUSED, MAY_READ = (202, ""), (403, "scope_missing"), (404, "not_found")


@pytest.mark.parametrize(
    ("scopes", "answers"),
    [
        pytest.param([Scope.SEND], [SENT, REFUSED, REFUSED, REFUSED], id="send"),
        pytest.param([Scope.READ], [REFUSED, MAY_READ, MAY_READ, MAY_READ], id="read"),
        pytest.param([Scope.READ, Scope.PRICES], [REFUSED, MAY_READ, MAY_READ, MAY_READ], id="read-prices"),
        pytest.param([Scope.SEND, Scope.READ], [SENT, MAY_READ, MAY_READ, MAY_READ], id="send-read"),
    ],
)
def test_each_request_needs_its_scope(
    client: Client, source: Source, scopes: list[Scope], answers: list[tuple[int, str]]
) -> None:
    _, plaintext = create_key(source, scopes=scopes)

    assert asked(client, plaintext, source) == answers
    assert Delivery.objects.count() == (Scope.SEND in scopes)


def test_a_missing_scope_is_named_in_the_refusal(client: Client, source: Source) -> None:
    _, plaintext = create_key(source, scopes=[Scope.READ])

    answer = client.post(
        "/api/v1/deliveries", b"[]", content_type="application/json", headers={"Authorization": f"Bearer {plaintext}"}
    )

    assert (answer["Content-Type"], answer.json()["detail"]) == (
        "application/problem+json",
        "This API key doesn't have the scope “send”. Use a key that has it.",
    )


def test_a_key_sends_and_reads_unless_a_person_chooses_otherwise(source: Source) -> None:
    by = UserFactory.create()
    usual, _ = create_key(source)
    chosen, _ = create_key(source, scopes=[Scope.PRICES, Scope.READ], is_test=True, by=by)
    successor, _ = rotate_key(chosen, until=NOW, by=by, at=NOW)

    assert [(key.scopes, key.is_test) for key in (usual, chosen, successor)] == [
        (["read", "send"], False),
        (["prices", "read"], True),
        (["prices", "read"], True),
    ]
    deed = Deed.objects.about(chosen).get(verb="api_key_created")
    assert (deed.person, deed.after["scopes"], deed.after["is_test"]) == (by, ["prices", "read"], True)


def test_a_key_that_may_do_nothing_or_reads_only_prices_is_refused(source: Source) -> None:
    key, _ = create_key(source)
    by = UserFactory.create()

    for wrong, refusal in (([], ScopesMissing), ([Scope.PRICES, Scope.SEND], PricesWithoutReading)):
        with pytest.raises(refusal):
            create_key(source, scopes=wrong)
        with pytest.raises(refusal):
            set_scopes(key, wrong, by=by, at=NOW)
        with pytest.raises(IntegrityError, match="an_api_key_"), transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(scopes=wrong)

    assert [each.scopes for each in ApiKey.objects.all()] == [["read", "send"]]
