"""A source with a mapping for the API posts records of its own form."""

import json
from typing import Any

import pytest
from django.test import Client
from time_machine import travel

from leads.domain.mapping.doors import API
from leads.domain.quarantine.settle import repair
from leads.models import Action, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceMappingFactory

pytestmark = pytest.mark.django_db

FORMS = {
    "leads_from": "entries",
    "fields": {"id": "item.id", "product.sku": {"constant": "TILE"}, "contact.email": "item.mail"},
    "actions": [
        {
            "fields": {
                "id": {"constant": "sent"},
                "type": {"constant": "form"},
                "occurred_at": {"from": "record.at", "date": "epoch_seconds"},
            }
        }
    ],
}
AT = 1_793_486_469


@pytest.fixture(autouse=True)
def mapped(source: Source) -> None:
    ActionTypeFactory.create(code="form")
    ProductFactory.create(sku="TILE")
    SourceMappingFactory.create(source=source, door=API, document=FORMS)


@travel("2026-11-02T08:00:00Z", tick=False)
def test_records_become_leads_and_one_that_cannot_is_repaired_as_a_record(client: Client, key: str):
    record: dict[str, Any] = {
        "at": AT,
        "entries": [{"id": 17, "mail": "a@b.example"}, {"id": 18, "mail": ["c@d.example"]}],
    }

    answer = client.post(
        "/api/v1/deliveries", json.dumps(record), "application/json", headers={"Authorization": f"Bearer {key}"}
    ).json()

    assert [(one["id"], one["outcome"]) for one in answer["results"]] == [("17", "created"), (None, "quarantined")]
    item = QuarantinedItem.objects.get()
    assert (item.code, item.pointer, item.content) == ("value_unreadable", "/1", record)
    mended = record | {"entries": [record["entries"][0], {"id": 18, "mail": "c@d.example"}]}
    repair(item, content=mended, by=None, at=item.received_at)
    assert sorted(Lead.objects.values_list("external_id", "email")) == [("17", "a@b.example"), ("18", "c@d.example")]
    assert Action.objects.count() == 2
