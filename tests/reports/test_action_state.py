"""The state of an action for its source, from intake to invoice."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from time_machine import travel

from invoices.domain.life.transitions import approve, issue
from invoices.domain.run.billing_run import bill, start
from invoices.models import Invoice
from leads.domain.credentials.api_keys import create_key, set_scopes
from leads.domain.quarantine.settle import discard, repair
from leads.models import Action, ActionType, ApiKey, BillingPeriod, QuarantinedItem, Source
from pricing.domain.rate.rate import rate
from pricing.models import PriceRule
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory, from_day
from tests.factories.people import UserFactory, superuser, with_role
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import NOVEMBER_3, OCTOBER

pytestmark = pytest.mark.django_db

DONE_AT = datetime(2026, 10, 21, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE-9", customer__currency="USD")
    return SourceFactory.create(code="Web.1")


@pytest.fixture
def key(source: Source) -> str:
    """A key that may see prices; `tests/pricing/test_two_sources.py` has those that may not."""
    key, plaintext = create_key(source)
    set_scopes(key, ApiKey.Scope, by=UserFactory.create(), at=DONE_AT)
    return plaintext


@pytest.fixture
def rule() -> PriceRule:
    return PriceRuleFactory.create(name="Samples", cap_per_lead=4)


def send(client: Client, key: str, *actions: dict[str, Any], lead: str = "L-1") -> None:
    body = json.dumps({"id": lead, "product": {"sku": "TILE-9"}, "actions": actions})
    with travel("2026-10-20T09:00:00Z"):
        answer = client.post(
            "/api/v1/deliveries", body, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
        )
    assert answer.status_code == 202


def action(number: int | str = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def ask(client: Client, key: str | None, path: str = "web.1/A-1", lead: str = "L-1") -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with travel("2026-10-22T09:00:00Z"):
        return client.get(f"/api/v1/actions/{path}", {"lead": lead} if lead else {}, headers=headers)


def state_of(client: Client, key: str, path: str = "web.1/A-1") -> tuple[str, str]:
    answer = ask(client, key, path)
    assert answer.status_code == 200
    return answer.json()["state"], answer.json()["message"]


def test_an_action_waits_then_is_charged_then_invoiced(client: Client, source: Source, key: str):
    send(client, key, action(quantity="1.5"))
    assert state_of(client, key) == ("waiting", "Stored, but not rated yet.")
    period = BillingPeriod.objects.get()
    rate(period, at=DONE_AT)
    assert state_of(client, key) == ("waiting", "Stored, but no price rule matches yet.")

    rule = PriceRuleFactory.create(name="Samples", cap_per_lead=3)
    rate(period, at=DONE_AT)

    stored = Action.objects.get()
    assert ask(client, key).json() == {
        "source": "Web.1",
        "lead": "L-1",
        "id": "A-1",
        "state": "charged",
        "message": "Charged $3.00 of $3.75 by the rule “Samples”.",
        "action": stored.pk,
        "type": "sample_order",
        "occurred_at": "2026-10-15T12:00:00Z",
        "quantity": "1.500000",
        "value": None,
        "voided_at": None,
        "void_reason": "",
        "flags": [],
        "period": "2026-10",
        "charge": {
            "amount": "3.000000",
            "full_amount": "3.750000",
            "currency": "USD",
            "rule": "Samples",
            "rule_id": rule.pk,
            "reason": "",
            "cuts": [{"cap": "per_lead", "amount": "0.750000"}],
            "explanation": f"/api/v1/charges/{stored.pk}/explanation",
        },
        "invoice": None,
        "quarantine": [],
    }
    by = superuser()
    bill(start(OCTOBER, by=by, at=NOVEMBER_3).items.get().pk, at=NOVEMBER_3)
    assert state_of(client, key)[0] == "charged"
    approve(Invoice.objects.get(), by=by, at=NOVEMBER_3)
    issue(Invoice.objects.get(), by=by, at=NOVEMBER_3)
    number = Invoice.objects.get().number
    assert state_of(client, key) == (
        "invoiced",
        f"Charged $3.00 of $3.75 by the rule “Samples”. It is on invoice {number}.",
    )
    assert ask(client, key).json()["invoice"] == {"number": number, "issued_on": "2026-11-03"}


def test_an_excluded_action_says_why(client: Client, key: str, rule: PriceRule):
    send(client, key, action(1), action(2))
    send(client, key, {"id": "A-1", "void": {"reason": "Order canceled"}})
    from_day(ActionType.objects.get(), is_billable=False)
    rate(BillingPeriod.objects.get(), at=DONE_AT)

    assert state_of(client, key) == ("excluded", "Not charged: Voided (Order canceled).")
    assert state_of(client, key, "web.1/A-2") == ("excluded", "Not charged: Not a billable action type.")
    assert ask(client, key, "web.1/A-2").json()["charge"]["reason"] == "not_billable"


def test_a_refused_action_waits_until_a_person_has_decided(client: Client, key: str):
    send(client, key, action(1, quantity=-1), action(2, quantity=-2), action(3, quantity=-3))
    first, second, third = QuarantinedItem.objects.order_by("pk")
    assert state_of(client, key) == ("quarantined", f"In quarantine: {first.message}")

    repair(first, content={**first.content, "actions": [action(1)]}, by=UserFactory.create(), at=DONE_AT)
    discard(second, note="Sent by mistake", by=UserFactory.create(), at=DONE_AT)
    third.content["actions"][0]["id (2)"] = "A-3b"  # as a repeated member is kept
    repair(third, content={**third.content, "actions": [action("3b")]}, by=UserFactory.create(), at=DONE_AT)

    assert state_of(client, key)[0] == "waiting"
    assert ask(client, key).json()["quarantine"] == [
        {
            "quarantined_item": first.pk,
            "code": "quantity_invalid",
            "message": first.message,
            "state": "repaired",
            "settled_at": "2026-10-21T00:00:00Z",
            "note": "",
            "changes": [{"pointer": "/actions/0/quantity", "received": "-1", "stored": None}],
        }
    ]
    assert state_of(client, key, "web.1/A-2") == ("discarded", "Discarded: Sent by mistake")
    assert state_of(client, key, "web.1/A-3") == ("repaired", "Corrected by a person and stored under another ID.")


def test_a_stored_action_shows_its_waiting_conflict(client: Client, key: str):
    send(client, key, action())
    send(client, key, action(quantity=9))

    assert [refusal["code"] for refusal in ask(client, key).json()["quarantine"]] == ["action_conflict"]


def test_an_action_that_waits_with_its_lead_is_found_by_numbers_and_texts_alike(client: Client, key: str):
    send(client, key, {"id": 17}, {"id": " B/7 "}, lead="L-1\u00e9")
    QuarantinedItem.objects.update(lead_external_id="L-1")

    assert [state_of(client, key, f"web.1/{path}")[0] for path in ("17", "B/7", "B%2F7")] == ["quarantined"] * 3


def test_actions_of_other_sources_and_unknown_actions_are_not_found(client: Client, key: str):
    send(client, key, action())
    other = SourceFactory.create(code="other")
    _, other_key = create_key(other)

    asked = [
        ask(client, other_key),
        ask(client, other_key, "other/A-1"),
        ask(client, key, "other/A-1"),
        ask(client, key, "web.1/A-9"),
        ask(client, key, lead="L-9"),
        ask(client, key, lead="L\0"),
        ask(client, key, "web.1/%00"),
        ask(client, key, "%00/A-1"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in asked] == [(404, "not_found")] * len(asked)
    assert ask(client, None).status_code == 401


def test_the_lead_must_be_named(client: Client, key: str):
    send(client, key, action())

    for lead in ("", " "):
        answer = ask(client, key, lead=lead)
        assert (answer.status_code, answer.json()["code"]) == (400, "lead_missing")


def test_only_staff_with_every_permission_see_it(client: Client, key: str):
    send(client, key, action())
    client.force_login(UserFactory.create())
    assert ask(client, None).status_code == 403
    client.force_login(with_role("Viewer"))
    assert ask(client, None).status_code == 200
    assert ask(client, None, "%00/A-1").status_code == 404
