"""An action before its lead's time is stored and charged like any other, and flagged."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.domain.credentials.api_keys import create_key
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.domain.quarantine.conflicts import take_new
from leads.models import Action, EarlyAction, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory, with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
OCCURRED = "2026-10-15T12:00:00Z"


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="deal")
    ProductFactory.create(sku="TILE")
    return SourceFactory.create(code="crm")


def action(id_: str, day: int, **facts: Any) -> dict[str, Any]:
    return {"id": id_, "type": "deal", "occurred_at": f"2026-10-{day:02}T12:00:00Z", **facts}


def send(source: Source, *actions: dict[str, Any], **facts: Any) -> Receipt:
    lead = {"id": "L", "product": {"sku": "TILE"}, "actions": list(actions), **facts}
    return receive(source, body=json.dumps(lead).encode(), content_type="application/json", received_at=NOW)


def flags(receipt: Receipt) -> dict[str, Any]:
    return {each["id"]: each.get("flags") for each in receipt.as_json()["results"][0]["actions"]}


def early() -> list[str]:
    return sorted(EarlyAction.objects.values_list("action__external_id", flat=True))


def test_an_action_before_its_lead_is_stored_and_flagged(source: Source):
    receipt = send(source, action("before", 13), action("then", 15), action("after", 16), occurred_at=OCCURRED)

    assert flags(receipt) == {"before": ("before_its_lead",), "then": None, "after": None}
    assert (Action.objects.count(), early()) == (3, ["before"])


def test_a_later_delivery_is_compared_with_the_lead_that_is_stored(source: Source):
    send(source, occurred_at=OCCURRED)

    receipt = send(source, action("before", 13), action("after", 16), occurred_at="2026-10-01T00:00:00Z")

    assert flags(receipt) == {"before": ("before_its_lead",), "after": None}
    assert flags(send(source, action("before", 13))) == {"before": ("before_its_lead",)}
    assert early() == ["before"]


def test_a_lead_without_a_time_has_no_early_actions(source: Source):
    assert flags(send(source, action("A", 1))) == {"A": None}
    assert flags(send(source, action("B", 1))) == {"B": None}
    assert early() == []


def test_many_early_actions_are_flagged_too(source: Source):
    many = [action(str(number), 13) for number in range(400)]

    send(source, *many, occurred_at=OCCURRED)

    assert len(early()) == 400


def test_a_new_version_taken_by_a_person_is_checked_again(source: Source):
    send(source, action("A", 16), occurred_at=OCCURRED)
    send(source, action("A", 13))

    take_new(QuarantinedItem.objects.get(), note="x", by=UserFactory.create(), at=NOW)
    assert early() == ["A"]
    send(source, action("A", 17))
    take_new(QuarantinedItem.objects.get(state="waiting"), note="x", by=UserFactory.create(), at=NOW)
    assert early() == []


def test_the_list_of_actions_is_filtered_by_it(client: Client, source: Source):
    send(source, action("before", 13), action("after", 16), occurred_at=OCCURRED)
    client.force_login(with_role("Operations"))

    page = client.get(reverse("admin:leads_action_changelist"), {"flag": "before_its_lead"})

    assert [each.external_id for each in page.context["cl"].result_list] == ["before"]
    assert "Before its lead" in page.content.decode()


def test_its_source_may_ask_for_it(client: Client, source: Source):
    send(source, action("before", 13), action("after", 16), occurred_at=OCCURRED)
    headers = {"Authorization": f"Bearer {create_key(source)[1]}"}

    answers = [client.get(f"/api/v1/actions/crm/{id_}?lead=L", headers=headers).json() for id_ in ("before", "after")]

    assert [answer["flags"] for answer in answers] == [["before_its_lead"], []]
    assert Lead.objects.get().occurred_at == NOW - timedelta(days=5)
