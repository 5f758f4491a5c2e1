"""A person in a source's deliveries, among others."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import LazySettings

from leads.models import Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _key(settings: LazySettings) -> None:
    settings.PSEUDONYM_KEY = "ab" * 32


@pytest.fixture
def source(db: None) -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    return SourceFactory.create(code="web")


def lead(name: str = "L-1", *, contact: Any = None, **members: Any) -> dict[str, Any]:
    """A lead as a source sends it."""
    action = {"id": f"A-{name}", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"}
    person = MARKER if contact is None else contact
    return {"id": name, "product": {"sku": "TILE"}, "contact": person, "actions": [action]} | members


MAPPING = {
    "fields": {
        "id": "Lead",
        "product.sku": "SKU",
        "contact.name": "Name",
        "contact.email": "Mail",
        "contact.country": "Land",
    },
    "actions": [
        {
            "fields": {
                "id": "join('-', [Lead, 'A'])",
                "type": {"constant": "sample_order"},
                "occurred_at": {"from": "When", "date": "iso", "zone": "UTC"},
            }
        }
    ],
}
MARKER = {
    "name": "Mara Kerzinski",
    "email": "mara.kerzinski@marker.example",
    "phone": "+1 415-555-0123",
    "firm": "Kerzinski Oak",
}
OTHER = {"name": "Otto Ander", "email": "otto@other.example", "phone": "+14155550199"}


def sent(*leads: Any) -> bytes:
    return json.dumps(list(leads)).encode()
