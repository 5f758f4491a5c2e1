"""Rows are stored as they were sent, however many there are and whatever they contain."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from leads.domain.intake import write
from leads.domain.intake.receive import receive
from leads.models import Action, Lead
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
WORDS = [
    'a "quoted" word',
    "a\\backslash, and \\n none",
    "two\nlines\r\nand a\ttab",
    "\\.",
    "\n\\.\n",
    "null",
    "",
    "true",
    "[1]\n[2]",
    "]",
    "ç, 日本, 🙂",
    "\x01\x1f\x7f",
    "'; DROP TABLE leads_lead; --",
    "{x}",
]


def leads() -> list[dict[str, Any]]:
    return [
        {
            "id": f"L-{place}",
            "product": {"sku": "TILE-9"},
            "contact": {"name": word, "firm": word[::-1]},
            "campaign": word,
            "consent": {"text": word, "given": True},
            "is_test": place == 3,
            "occurred_at": None if place % 2 else "2026-10-15T12:00:00.123456+02:00",
            "attributes": {word: word, "number": 0.1, "deep": {"list": [word, None, True]}},
            "actions": [
                {
                    # IDs can't contain line breaks or control characters.
                    "id": f"A {''.join(sign for sign in word if sign.isprintable())} {number}",
                    "type": "sample_order",
                    "occurred_at": "2026-10-15T12:00:00.5Z",
                    "quantity": 0.25,
                    "value": None if number else "12.345678",
                    "attributes": {"said": word},
                }
                for number in range(2)
            ],
        }
        for place, word in enumerate(WORDS)
    ]


def stored() -> tuple[list[Any], list[Any]]:
    leads = Lead.objects.order_by("external_id").values_list(
        *("external_id", "name", "firm", "campaign", "is_test", "occurred_at", "consent", "attributes")
    )
    actions = Action.objects.order_by("lead__external_id", "external_id").values_list(
        *("lead__external_id", "external_id", "occurred_at", "quantity", "value", "attributes", "period__label")
    )
    return list(leads), list(actions)


@pytest.mark.parametrize("many", [1, 1_000], ids=["by COPY", "by one statement"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_text_is_stored_as_it_was_sent(many: int, ascii_only: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(write, "MANY", many)
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9")
    sent = leads()

    receipt = receive(
        SourceFactory.create(),
        body=json.dumps(sent, ensure_ascii=ascii_only).encode(),
        content_type="application/json",
        received_at=RECEIVED_AT,
    )

    counts = receipt.counts()
    assert (counts["leads_created"], counts["leads_test"]) == (len(WORDS) - 1, 1)
    assert (counts["actions_created"], counts["actions_test"]) == (2 * len(WORDS) - 2, 2)
    found_leads, found_actions = stored()
    at = datetime(2026, 10, 15, 10, 0, 0, 123456, tzinfo=UTC)
    assert found_leads == sorted(
        (
            each["id"],
            each["contact"]["name"],
            each["contact"]["firm"],
            each["campaign"],
            each["is_test"],
            at if each["occurred_at"] else None,
            each["consent"],
            each["attributes"],
        )
        for each in sent
    )
    assert len(found_actions) == 2 * len(WORDS)
    assert {(row[0], row[5]["said"]) for row in found_actions} == {(each["id"], each["campaign"]) for each in sent}
    assert {row[2:5] for row in found_actions} == {
        (datetime(2026, 10, 15, 12, 0, 0, 500000, tzinfo=UTC), 0.25, value) for value in (None, Decimal("12.345678"))
    }
