"""The preview of a mapping is what happens: any record is stored exactly as shown, or refused for the reason shown."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.domain.credentials.api_keys import create_key
from leads.domain.identity import external_id
from leads.domain.mapping.doors import API
from leads.domain.mapping.sample import read_sample
from leads.models import Action, ActionType, Lead, Source
from leads.queries.mapping_preview import Preview, PreviewedLead, preview
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.leads.mapping.any_record import NEAR_DOCUMENTS, NEAR_RECORDS

pytestmark = pytest.mark.django_db

Told = tuple[str, str, str]  # outcome, code and place of an item
NEW = ("created", "test")


@pytest.fixture
def sample_order() -> ActionType:
    return ActionTypeFactory.create(code="sample_order")


def a_source(*, may_add: bool) -> Source:
    """A source of a customer of its own with the product TILE."""
    tile = ProductFactory.create(sku="TILE", customer=CustomerFactory.create())
    return SourceFactory.create(customer=tile.customer, new_products="create" if may_add else "quarantine")


def told(results: list[dict[str, Any]]) -> list[list[Told]]:
    """What a receipt says of each lead and its actions."""
    return [
        [(each["outcome"], each.get("code", ""), each.get("pointer", "")) for each in (lead, *lead.get("actions", ()))]
        for lead in results
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NEAR_DOCUMENTS, st.lists(st.lists(NEAR_RECORDS, min_size=1, max_size=3), min_size=1, max_size=2), st.booleans())
def test_any_record_is_stored_exactly_as_the_preview_showed_or_refused_for_the_reason_it_gave(
    sample_order: ActionType,
    client: Client,
    document: dict[str, Any],
    batches: list[list[dict[str, Any]]],
    may_add: bool,
):
    source = a_source(may_add=may_add)
    SourceMappingFactory.create(source=source, door=API, document=document)
    _, key = create_key(source)
    model = Model()
    for records in batches:
        sent = json.dumps(records)
        shown = preview(document, read_sample(sent), source=source, at=now())
        assert stored(source) == model.state
        answer = client.post(
            "/api/v1/deliveries", sent, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
        )

        assert shown.mistakes == []
        assert answer.status_code == 202
        assert told([each.result.as_json() for each in shown.leads]) == told(answer.json()["results"])
        model.follow(shown)
        assert stored(source) == model.state


class Model:
    """What is stored if the preview is true: each lead and its actions as they were first shown."""

    def __init__(self) -> None:
        self.state: dict[str, dict[str, Any]] = {}

    def follow(self, shown: Preview) -> None:
        for lead in shown.leads:
            if lead.result.outcome in NEW:
                self.state[lead.result.id or ""] = of_content(lead)
        voids = list[tuple[str, str]]()
        for lead in shown.leads:
            for result, content in zip(lead.result.actions, lead.content.get("actions", ()), strict=True):
                if result.outcome in NEW:
                    self.state[lead.result.id or ""]["actions"][result.id] = of_action(content)
                elif result.outcome == "updated":
                    voids.append((lead.result.id or "", result.id or ""))
        for id_, action in voids:
            self.state[id_]["actions"][action]["is_voided"] = True


def of_content(lead: PreviewedLead) -> dict[str, Any]:
    content, contact = lead.content, lead.content.get("contact", {})
    return {
        "product": external_id(content["product"]["sku"]),
        "email": contact.get("email", ""),
        "is_test": content.get("is_test", False),
        "occurred_at": at(content.get("occurred_at")),
        "consent": plain(content.get("consent", {})),
        "attributes": plain(content.get("attributes", {})),
        "actions": {},
    }


def of_action(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": content["type"],
        "occurred_at": at(content["occurred_at"]),
        "quantity": Decimal(content.get("quantity", 1)),
        "value": content.get("value") and Decimal(content["value"]),
        "attributes": plain(content.get("attributes", {})),
        "is_voided": False,
    }


def stored(source: Source) -> dict[str, dict[str, Any]]:
    """What is stored of a source, in the form of the model."""
    codes = dict(ActionType.objects.values_list("pk", "code"))
    actions: dict[int, dict[str, Any]] = {}
    for each in Action.objects.filter(lead__source=source):
        actions.setdefault(each.lead_id, {})[each.external_id] = {
            "type": codes[each.action_type_id],
            "occurred_at": each.occurred_at,
            "quantity": each.quantity,
            "value": each.value,
            "attributes": plain(each.attributes),
            "is_voided": each.voided_at is not None,
        }
    return {
        lead.external_id: {
            "product": lead.product.sku,
            "email": lead.email,
            "is_test": lead.is_test,
            "occurred_at": lead.occurred_at,
            "consent": plain(lead.consent),
            "attributes": plain(lead.attributes),
            "actions": actions.get(lead.pk, {}),
        }
        for lead in Lead.objects.filter(source=source).select_related("product")
    }


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def plain(value: Any) -> Any:
    """Numbers compare as the database's JSON returns them."""
    return json.loads(json.dumps(value, default=float))
