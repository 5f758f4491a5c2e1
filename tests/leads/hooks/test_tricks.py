"""What a webhook is tricked with: signatures that our own answers give away, doubled members, tests written otherwise."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from time_machine import travel

from leads.models import Delivery, HookRefusal, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.leads.hooks.calls import AT, GOOGLE, HUBSPOT, LINKEDIN, META, Kind, Sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    for code in ("lead_form", "contact_creation", "contact_property_change"):
        ActionTypeFactory.create(code=code)
    customer = CustomerFactory.create(code="ACME")
    for sku in ("172", "12345678901", "3162", "62515"):
        ProductFactory.create(sku=sku, customer=customer)
    return SourceFactory.create(code="web", customer=customer)


def stored() -> tuple[list[str], list[tuple[str, str]]]:
    items = QuarantinedItem.objects.order_by("pk").values_list("code", "pointer")
    return list(Lead.objects.order_by("external_id").values_list("external_id", flat=True)), list(items)


def test_the_answer_to_a_challenge_of_linkedin_is_no_signature_of_a_body(source: Source) -> None:
    sender = Sender(source, Kind.LINKEDIN)
    forged = json.dumps(LINKEDIN | {"owner": {}}).encode()[:180]

    answer = sender.client.get(sender.path, {"challengeCode": f"hmacsha256={forged.decode()}"})
    asked = sender.client.get(sender.path, {"challengeCode": "890e4665-4dfe-4ab1-b689-ed553bceeed0"})

    assert (answer.status_code, HookRefusal.objects.get().code) == (403, "hook_challenge_refused")
    signed = hmac.new(sender.secret.encode(), b"890e4665-4dfe-4ab1-b689-ed553bceeed0", hashlib.sha256).hexdigest()
    assert asked.json()["challengeResponse"] == signed


def doubled(content: Any, name: str, other: Any) -> bytes:
    """The content with a second member of this name."""
    return f"{json.dumps(content)[:-1]}, {json.dumps(name)}: {json.dumps(other)}}}".encode()


def test_a_member_that_comes_twice_loses_no_lead_and_makes_no_test_a_real_one(source: Source) -> None:
    meta, google, hubspot = (Sender(source, kind) for kind in (Kind.META, Kind.GOOGLE, Kind.HUBSPOT))
    keyed = GOOGLE | {"google_key": google.secret}
    events = [json.dumps(HUBSPOT[1]).encode(), doubled(HUBSPOT[0], "objectId", 999)]
    with travel(AT, tick=False):
        answers = [
            meta.send(doubled(META, "entry", [])),
            google.send(doubled(keyed, "lead_id", "G-2")),
            google.send(doubled(keyed | {"lead_id": "G-3", "is_test": False}, "is_test", True)),
            hubspot.send(b"[" + b",".join(events) + b"]"),
        ]

    assert [each.status_code for each in answers] == [200, 200, 200, 204]
    assert stored() == (
        ["contact-123"],
        [("duplicate_member", "/entry"), ("duplicate_member", "/lead_id"), ("duplicate_member", "/is_test"),
         ("duplicate_member", "/1/objectId")],
    )  # fmt: skip
    assert Delivery.objects.count() == 4


@pytest.mark.parametrize("written", [True, "true", "TRUE ", 1, "1"])
def test_a_test_lead_is_a_test_however_the_sender_writes_it(source: Source, written: Any) -> None:
    google, linkedin = Sender(source, Kind.GOOGLE), Sender(source, Kind.LINKEDIN)
    with travel(AT, tick=False):
        google.send(google.keyed(GOOGLE | {"is_test": written}))
        linkedin.send(json.dumps(LINKEDIN | {"testLead": written}).encode())

    assert list(Lead.objects.values_list("is_test", flat=True)) == [True, True]
