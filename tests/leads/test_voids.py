"""A source takes an action back: before its month is billed it is excluded, afterwards it waits for a credit."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.domain.intake import receive
from leads.domain.receipt import Receipt
from leads.domain.store import as_json
from leads.models import Action, BillingPeriod, QuarantinedItem, Source, UnratedMark
from pricing.domain.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create()


def send(source: Source, *actions: Any, lead: str = "L-1", at: datetime = RECEIVED_AT) -> Receipt:
    body = as_json({"id": lead, "product": {"sku": "TILE-9"}, "actions": list(actions)}).encode()
    return receive(source, body=body, content_type="application/json", received_at=at)


def action(number: int = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def void(number: int = 1, reason: str = "Order cancelled") -> dict[str, Any]:
    return {"id": f"A-{number}", "void": {"reason": reason}}


def outcomes(receipt: Receipt) -> tuple[str, ...]:
    [lead] = receipt.results
    return (lead.outcome, *(each.outcome for each in lead.actions))


def codes(receipt: Receipt) -> list[str]:
    return [each.fault.code for lead in receipt.results for each in (lead, *lead.actions) if each.fault]


def test_a_voided_action_keeps_its_reason_and_is_rated_again_as_excluded(source: Source):
    PriceRuleFactory.create()
    send(source, action())
    period = BillingPeriod.objects.get()
    rate(period, at=RECEIVED_AT)
    assert Charge.objects.get().reason == ""

    receipt = send(source, void(reason="  Order cancelled "))

    assert (outcomes(receipt), receipt.counts()["actions_updated"]) == (("updated", "updated"), 1)
    stored = Action.objects.get()
    assert (stored.voided_at, stored.void_reason) == (RECEIVED_AT, "Order cancelled")
    assert list(UnratedMark.objects.values_list("period", "reason")) == [(period.pk, "voided")]
    rate(period, at=RECEIVED_AT)
    assert (Charge.objects.get().reason, Charge.objects.get().amount) == ("voided", 0)


def test_taking_back_again_changes_nothing_whatever_the_reason(source: Source):
    send(source, action())
    send(source, void())
    UnratedMark.objects.all().delete()

    assert outcomes(send(source, void(reason="Another reason"), at=datetime(2026, 10, 21, tzinfo=UTC))) == (
        "duplicate",
        "duplicate",
    )
    assert (Action.objects.get().voided_at, Action.objects.get().void_reason) == (RECEIVED_AT, "Order cancelled")
    assert not UnratedMark.objects.exists()


def test_a_voided_action_sent_again_is_a_duplicate_and_stays_voided(source: Source):
    send(source, action())
    send(source, void())

    assert outcomes(send(source, action())) == ("duplicate", "duplicate")
    assert Action.objects.get().voided_at == RECEIVED_AT


def test_within_one_delivery_actions_are_stored_first_whatever_their_order(source: Source):
    receipt = send(source, void(), action(), void(reason="Twice"), action(2))

    assert outcomes(receipt) == ("created", "updated", "created", "duplicate", "created")
    assert dict(Action.objects.values_list("external_id", "void_reason")) == {"A-1": "Order cancelled", "A-2": ""}


def test_an_action_that_was_never_sent_can_not_be_taken_back(source: Source):
    send(source, action(), lead="L-2")

    receipt = send(source, void())

    assert (outcomes(receipt), codes(receipt)) == (("created", "quarantined"), ["unknown_action"])
    assert QuarantinedItem.objects.get().content["actions"] == [void()]


def test_of_another_source_nothing_is_taken_back(source: Source):
    send(source, action())

    assert codes(send(SourceFactory.create(), void())) == ["unknown_action"]
    assert Action.objects.get().voided_at is None


def test_what_is_billed_waits_in_quarantine_for_its_credit(source: Source):
    send(source, action(1), action(2))
    send(source, void(2))
    BillingPeriod.objects.update(state="closed", closed_at=RECEIVED_AT)

    receipt = send(source, void(1), void(2))

    assert (outcomes(receipt), codes(receipt)) == (("duplicate", "quarantined", "duplicate"), ["period_closed"])
    assert Action.objects.get(external_id="A-1").voided_at is None
    again = send(source, void(1), void(2))
    assert outcomes(again) == outcomes(receipt)
    assert QuarantinedItem.objects.get().times_sent == 2


@pytest.mark.parametrize(
    ("item", "code", "pointer"),
    [
        ({"id": "A-1", "void": {}}, "member_missing", "/void"),
        ({"id": "A-1", "void": True}, "member_invalid", "/void"),
        ({"id": "A-1", "void": {"reason": " "}}, "member_invalid", "/void/reason"),
        ({"id": "A-1", "void": {"reason": "r" * 201}}, "member_invalid", "/void/reason"),
        ({"id": "A-1", "void": {"reason": "r", "by": "me"}}, "member_unknown", "/void"),
        ({"void": {"reason": "r"}}, "member_missing", ""),
        ({"id": " ", "void": {"reason": "r"}}, "member_invalid", "/id"),
        ({**action(), "void": {"reason": "r"}}, "member_unknown", ""),
    ],
)
def test_a_void_has_its_own_form(source: Source, item: dict[str, Any], code: str, pointer: str):
    send(source, action())

    [result] = send(source, item).results[0].actions

    assert result.fault is not None
    assert (result.fault.code, result.fault.pointer) == (code, pointer)
    assert Action.objects.get().voided_at is None


def test_a_void_that_is_null_is_none(source: Source):
    assert outcomes(send(source, action(void=None))) == ("created", "created")
