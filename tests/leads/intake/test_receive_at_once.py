"""Simultaneous requests store each item once, with real processes and the real database."""

import json
from collections import Counter
from typing import Any

import pytest

from leads.domain.credentials.api_keys import create_key
from leads.models import Action, BillingPeriod, Delivery, Lead, QuarantinedItem, Source, UnratedMark
from pricing.models import Charge
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

RECEIVE = """
import json
from leads.domain.intake.receive import receive
from leads.models import Source
receipt = receive(Source.objects.get(), body={body!r}, content_type="application/json", received_at=now())
print(json.dumps(receipt.as_json()))
"""


def lead(number: int, *, quantity: int = 1, sku: str = "TILE-9") -> dict[str, Any]:
    did = {"type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", "quantity": quantity}
    return {"id": number, "product": {"sku": sku}, "actions": [{"id": "A-1", **did}, {"id": "A-2", **did}]}


def receive_at_once(*bodies: list[dict[str, Any]]) -> Counter[str]:
    answers = at_once(*(RECEIVE.format(body=json.dumps(body).encode()) for body in bodies))
    total: Counter[str] = Counter()
    for answer in answers:
        total.update(json.loads(answer)["counts"])
    return total


@pytest.fixture(autouse=True)
def _company() -> None:
    SourceFactory.create(new_products="create")
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9", customer__code="ACME")


def test_the_same_delivery_twice_simultaneously_stores_each_item_once():
    body = [lead(number) for number in range(50)]

    counts = receive_at_once(body, body)

    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (50, 100, 2)
    assert (counts["leads_created"], counts["leads_duplicate"]) == (50, 50)
    assert (counts["actions_created"], counts["actions_duplicate"]) == (100, 100)
    assert BillingPeriod.objects.count() == 1
    assert UnratedMark.objects.exists()


def test_overlapping_deliveries_in_opposite_order_never_deadlock():
    forwards = [lead(number) for number in range(200)]

    counts = receive_at_once(forwards[:150], forwards[50:][::-1], forwards[::-1])

    assert (Lead.objects.count(), Action.objects.count()) == (200, 400)
    assert (counts["leads_received"], counts["leads_created"], counts["leads_duplicate"]) == (500, 200, 300)


def test_of_two_conflicting_deliveries_at_the_same_instant_one_is_stored_and_one_waits_for_a_person():
    counts = receive_at_once([lead(1, quantity=1)], [lead(1, quantity=2)])

    assert (counts["actions_created"], counts["actions_conflict"]) == (2, 2)
    [stored] = set(Action.objects.values_list("quantity", flat=True))
    refused = {item.content["actions"][0]["quantity"] for item in QuarantinedItem.objects.all()}
    assert {stored, *refused} == {1, 2}


def test_two_deliveries_that_add_the_same_products_add_each_once():
    body = [
        lead(number, sku=f"NEW-{number}") | {"product": {"sku": f"NEW-{number}", "customer": "ACME"}}
        for number in range(30)
    ]

    counts = receive_at_once(body, body[::-1])

    assert (counts["leads_created"], counts["leads_duplicate"], counts["leads_quarantined"]) == (30, 30, 0)


POST = """
import json
from django.test import Client
answer = Client(HTTP_HOST="localhost").post(
    "/api/v1/deliveries", {body!r}, content_type="application/json",
    headers={{"Authorization": "Bearer {key}", "Idempotency-Key": "k-1"}},
)
told = answer.json()
print(json.dumps([answer.status_code, answer.get("Idempotent-Replayed"), told.get("receipt"), told.get("code")]))
"""


def post_at_once(*bodies: list[dict[str, Any]]) -> list[Any]:
    _, key = create_key(Source.objects.get())
    return [json.loads(answer) for answer in at_once(*(POST.format(body=json.dumps(body), key=key) for body in bodies))]


def test_of_requests_with_one_idempotency_key_at_the_same_instant_one_is_stored_and_the_others_get_its_answer():
    body = [lead(number) for number in range(50)]

    answers = post_at_once(body, body, body)

    receipt = Delivery.objects.get().pk
    assert sorted(answers, key=str) == [
        [202, "true", receipt, None],
        [202, "true", receipt, None],
        [202, None, receipt, None],
    ]
    assert (Lead.objects.count(), Action.objects.count()) == (50, 100)


def test_of_two_bodies_with_one_idempotency_key_at_the_same_instant_one_is_stored_and_one_is_refused():
    answers = post_at_once([lead(1)], [lead(2)])

    receipt = Delivery.objects.get().pk
    assert sorted(answers) == [[202, None, receipt, None], [409, None, None, "idempotency_key_reused"]]
    assert Lead.objects.count() == 1


def test_what_two_deliveries_are_refused_for_at_the_same_instant_waits_once():
    refused = [lead(number, quantity=-1) for number in range(50)]

    counts = receive_at_once(refused, refused[::-1])

    assert (counts["leads_created"], counts["leads_duplicate"], counts["actions_quarantined"]) == (50, 50, 200)
    assert set(QuarantinedItem.objects.values_list("times_sent", flat=True)) == {2}
    assert QuarantinedItem.objects.count() == 100


def test_an_action_voided_twice_simultaneously_is_voided_once():
    body = [lead(number) for number in range(50)]
    receive_at_once(body)
    voids = [{"id": each["id"], "actions": [{"id": "A-1", "void": {"reason": "r"}}]} for each in body]

    counts = receive_at_once(voids, voids[::-1])

    assert (counts["actions_updated"], counts["actions_duplicate"]) == (50, 50)
    assert Action.objects.filter(voided_at=None).count() == 50


TAKE_BACK = """
from leads.domain.voiding import AlreadyVoided, void
from leads.models import Action
from tests.factories.people import UserFactory
operator = UserFactory.create()
for action in Action.objects.order_by("-pk"):
    try:
        void(action, reason="by a person", by=operator, at=now())
    except AlreadyVoided:
        pass
"""


def test_a_person_and_a_source_that_void_the_same_action_simultaneously_never_deadlock():
    body = [lead(number) for number in range(50)]
    receive_at_once(body)
    voids = [{"id": each["id"], "actions": [{"id": "A-1", "void": {"reason": "r"}}]} for each in body]

    _, answer = at_once(TAKE_BACK, RECEIVE.format(body=json.dumps(voids).encode()))

    counts = json.loads(answer)["counts"]
    assert counts["actions_updated"] + counts["actions_duplicate"] == 50
    assert Action.objects.filter(void_reason="r").count() == counts["actions_updated"]
    assert not Action.objects.filter(voided_at=None).exists()


CLOSE = """
from invoices.domain.life.close import close
from leads.models import BillingPeriod
close(BillingPeriod.objects.get(), at=now())
"""


def test_an_action_voided_while_its_period_closes_is_either_not_charged_or_marked_as_late():
    PriceRuleFactory.create()
    body = [lead(number) for number in range(50)]
    receive_at_once(body)
    voids = [{"id": each["id"], "actions": [{"id": "A-1", "void": {"reason": "r"}}]} for each in body]

    _, answer = at_once(CLOSE, RECEIVE.format(body=json.dumps(voids).encode()))

    counts = json.loads(answer)["counts"]
    voided = Action.objects.exclude(voided_at=None)
    after, charged = voided.filter(voided_after_close=True).count(), Charge.objects.filter(reason="").count()
    assert BillingPeriod.objects.get().state == "closed"
    assert (counts["actions_updated"], counts["actions_quarantined"], voided.count()) == (50, 0, 50)
    assert (after, charged) in [(0, 50), (50, 100)]
