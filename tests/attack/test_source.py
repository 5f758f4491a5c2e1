"""A source with its API key, without and with the scope for prices: its own actions only, and nothing of the contract."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from leads.domain.intake.receive import receive
from leads.domain.quarantine.conflicts import PeriodClosed, take_new
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import Action, ApiKey, QuarantinedItem
from pricing.domain.audit.explain import explain
from pricing.models import Charge
from tests.attack.story import NOW, Story, amounts, deeds, nothing_moves, press
from tests.factories.leads import ActionFactory, LeadFactory, SourceFactory

pytestmark = pytest.mark.django_db

STAFF_ONLY = ("invoices", "invoices/{0}", "invoices/{0}/lines", "charges")
SECRETS = ("Samples", "2.5", "rival", "999", "clerk", "Good Bank", "INV-", "quantity_before", "also_matched")


def ask(key: str, address: str) -> Any:
    return Client().get(f"/api/v1/{address}", headers={"Authorization": f"Bearer {key}"})


def send(key: str, *items: Any) -> Any:
    body = json.dumps(items).encode()
    return Client().post(
        "/api/v1/deliveries", body, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
    )


def rival(story: Story) -> tuple[str, Action]:
    """Another source of the same customer, with its key and its one action."""
    source = SourceFactory.create(code="rival", name="Rival")
    lead = LeadFactory.create(source=source, product=story.product)
    action = ActionFactory.create(lead=lead, period=story.month, occurred_at=story.action.occurred_at, quantity=999)
    amounts(story)
    return create_key(source)[1], action


def with_prices(story: Story) -> str:
    """A key of the story's source that also sees prices."""
    key, plaintext = create_key(story.source)
    ApiKey.objects.filter(pk=key.pk).update(scopes=list(ApiKey.Scope))
    return plaintext


def test_a_key_without_the_scope_learns_fate_and_reason_and_nothing_of_the_price(story: Story) -> None:
    rival(story)

    answer = ask(story.key, f"charges/{story.action.pk}/explanation")

    assert answer.status_code == 200
    assert answer.json()["facts"] == {"outcome": "charged", "reason": None}
    assert [secret for secret in SECRETS if secret in answer.content.decode()] == []


def test_a_key_with_the_scope_learns_its_own_price_and_nothing_of_others(story: Story) -> None:
    rival(story)

    answer = ask(with_prices(story), f"charges/{story.action.pk}/explanation")

    facts = answer.json()["facts"]
    assert set(facts) == {"outcome", "reason", "currency", "amount", "full_amount", "cuts", "rule", "rule_name"}
    told = answer.content.decode()
    assert [secret for secret in ("rival", "Rival", "999", "quantity_before", "also_matched") if secret in told] == []


@pytest.mark.parametrize("scope", ["none", "prices"])
def test_another_sources_actions_do_not_exist_for_it(story: Story, scope: str) -> None:
    other_key, other = rival(story)
    key = with_prices(story) if scope == "prices" else story.key
    theirs = send(other_key, {"id": "L-R", "product": {"sku": "TILE"}, "actions": []}).json()["receipt"]

    with nothing_moves(story):
        assert ask(key, f"charges/{other.pk}/explanation").status_code == 404
        for code in ("web", "rival"):
            state = ask(key, f"actions/{code}/{other.external_id}?lead={other.lead.external_id}")
            assert state.status_code == 404, code
        assert ask(key, f"receipts/{theirs}").status_code == 404
        for address in STAFF_ONLY:
            assert ask(key, address.format(story.issued.pk)).status_code in (401, 403, 404), address
        send(key, {"id": other.lead.external_id, "actions": [{"id": other.external_id, "void": {"reason": "A rival"}}]})
    other.refresh_from_db()
    assert other.voided_at is None


def test_what_is_billed_is_neither_changed_nor_added_to_by_sending_it_again(story: Story) -> None:
    billed = Action.objects.filter(period=story.issued.period).earliest("pk")
    kind = {"type": "sample_order", "occurred_at": billed.occurred_at.isoformat()}
    with nothing_moves(story):
        send(
            story.key,
            {
                "id": billed.lead.external_id,
                "product": {"sku": "TILE"},
                "actions": [{"id": billed.external_id, "quantity": 1000, **kind}],
            },
        )
    assert QuarantinedItem.objects.filter(state="waiting").exists()
    billed.refresh_from_db()
    assert billed.quantity == 1


def test_one_action_without_measure_stops_no_month(story: Story) -> None:
    before = amounts(story)
    action = {
        "id": "A-HUGE",
        "type": "sample_order",
        "occurred_at": "2026-11-05T10:00:00Z",
        "quantity": "999999999999.999999",
    }

    send(story.key, {"id": "L-HUGE", "product": {"sku": "TILE"}, "actions": [action]})

    assert amounts(story) == before
    assert list(QuarantinedItem.objects.values_list("code", flat=True)) == ["quantity_implausible"]


def test_a_sources_own_void_is_told_as_the_sources_and_a_persons_as_the_persons(story: Story, olga: User) -> None:
    own, persons = Action.objects.filter(period=story.month).order_by("pk")[:2]
    send(
        story.key,
        {
            "id": own.lead.external_id,
            "product": {"sku": "TILE"},
            "actions": [{"id": own.external_id, "void": {"reason": "Sent twice"}}],
        },
    )
    press(olga, persons, "void_action", reason="A favor for a friend")
    amounts(story)

    told = ["; ".join(explain(Charge.objects.get(action=action)).sentences) for action in (own, persons)]
    assert ("olga" in told[0], "olga" in told[1]) == (False, True)
    asked = ask(story.key, f"charges/{persons.pk}/explanation").content.decode()
    assert "source says" not in asked


def test_a_repair_with_another_quantity_is_allowed_and_told_to_everybody(story: Story, olga: User) -> None:
    """Who repairs names the price; so the change stands in the log, the explanation and the source's receipt."""
    sent = {
        "id": "L-9",
        "product": {"sku": "TILE"},
        "actions": [{"id": "A-9", "type": "sample_order", "occurred_at": "2026-11-05T10:00:00Z", "quantity": -1}],
    }
    receive(story.source, body=json.dumps([sent]).encode(), content_type="application/json", received_at=NOW)
    item = QuarantinedItem.objects.get()
    forged = json.loads(json.dumps(sent))
    forged["actions"].append(forged["actions"][0] | {"id": "A-10", "quantity": 500})
    with nothing_moves(story), pytest.raises(StillRefused):
        repair(item, content=forged, by=olga, at=NOW, by_hand=True)

    repair(item, content=sent | {"actions": [sent["actions"][0] | {"quantity": 500}]}, by=olga, at=NOW, by_hand=True)

    amounts(story)
    action = Action.objects.get(external_id="A-9")
    sentences = "; ".join(explain(Charge.objects.get(action=action)).sentences)
    assert "Repaired by olga" in sentences
    assert "as -1, stored as 500" in sentences
    assert [who for _, who, _ in deeds("quarantined_item_repaired")] == ["olga"]


def test_a_new_version_of_what_is_billed_is_not_taken(story: Story, olga: User) -> None:
    test_what_is_billed_is_neither_changed_nor_added_to_by_sending_it_again(story)
    item = QuarantinedItem.objects.get()
    with nothing_moves(story), pytest.raises(PeriodClosed):
        take_new(item, note="Newer", by=olga, at=NOW)
