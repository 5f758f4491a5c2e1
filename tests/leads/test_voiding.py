"""A source voids an action: it is excluded before the month is billed; after that, once the month is reopened."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing_engine.core.deeds.record import record
from invoices.domain.life.deeds import PERIOD_REOPENED
from leads.domain.body.decode import as_json
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.domain.voiding import apply_voids
from leads.models import Action, BillingPeriod, QuarantinedItem, Source, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 5, 9, tzinfo=UTC)


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


def void(number: int = 1, reason: str = "Order canceled") -> dict[str, Any]:
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

    receipt = send(source, void(reason="  Order canceled "))

    assert (outcomes(receipt), receipt.counts()["actions_updated"]) == (("updated", "updated"), 1)
    stored = Action.objects.get()
    assert (stored.voided_at, stored.void_reason) == (RECEIVED_AT, "Order canceled")
    assert list(UnratedMark.objects.values_list("period", "reason")) == [(period.pk, "voided")]
    rate(period, at=RECEIVED_AT)
    assert (Charge.objects.get().reason, Charge.objects.get().amount) == ("voided", 0)


def test_voiding_again_changes_nothing_whatever_the_reason(source: Source):
    send(source, action())
    send(source, void())
    UnratedMark.objects.all().delete()

    assert outcomes(send(source, void(reason="Another reason"), at=datetime(2026, 10, 21, tzinfo=UTC))) == (
        "duplicate",
        "duplicate",
    )
    assert (Action.objects.get().voided_at, Action.objects.get().void_reason) == (RECEIVED_AT, "Order canceled")
    assert not UnratedMark.objects.exists()


def test_a_voided_action_sent_again_is_a_duplicate_and_stays_voided(source: Source):
    send(source, action())
    send(source, void())

    assert outcomes(send(source, action())) == ("duplicate", "duplicate")
    assert Action.objects.get().voided_at == RECEIVED_AT


def test_within_one_delivery_actions_are_stored_first_whatever_their_order(source: Source):
    receipt = send(source, void(), action(), void(reason="Twice"), action(2))

    assert outcomes(receipt) == ("created", "updated", "created", "duplicate", "created")
    assert dict(Action.objects.values_list("external_id", "void_reason")) == {"A-1": "Order canceled", "A-2": ""}


def test_an_action_that_was_never_sent_cannot_be_voided(source: Source):
    send(source, action(), lead="L-2")

    receipt = send(source, void())

    assert (outcomes(receipt), codes(receipt)) == (("created", "quarantined"), ["unknown_action"])
    assert QuarantinedItem.objects.get().content["actions"] == [void()]


def test_an_action_of_another_source_cannot_be_voided(source: Source):
    send(source, action())

    assert codes(send(SourceFactory.create(), void())) == ["unknown_action"]
    assert Action.objects.get().voided_at is None


def test_a_void_is_recorded_at_once_whatever_the_state_of_the_period(source: Source):
    PriceRuleFactory.create()
    send(source, action(1), action(2))
    send(source, void(2))
    period = BillingPeriod.objects.get()
    rate(period, at=RECEIVED_AT)
    BillingPeriod.objects.update(state="closed", closed_at=RECEIVED_AT)
    UnratedMark.objects.all().delete()
    before = list(Charge.objects.order_by("pk").values())

    receipt = send(source, void(1), void(2), at=LATER)

    assert (outcomes(receipt), codes(receipt)) == (("updated", "updated", "duplicate"), [])
    told = Action.objects.order_by("external_id").values_list("voided_at", "void_reason", "voided_after_close")
    assert list(told) == [(LATER, "Order canceled", True), (RECEIVED_AT, "Order canceled", False)]
    assert outcomes(send(source, void(1), void(2))) == ("duplicate", "duplicate", "duplicate")
    assert list(Charge.objects.order_by("pk").values()) == before
    assert not QuarantinedItem.objects.exists()
    assert not UnratedMark.objects.exists()


def test_what_a_closed_period_was_rated_by_never_changes_not_even_by_a_void(source: Source):
    send(source, action())
    BillingPeriod.objects.update(state="closed", closed_at=RECEIVED_AT)

    with pytest.raises(IntegrityError, match="its actions can't change"), transaction.atomic():
        Action.objects.update(voided_at=LATER)
    with pytest.raises(IntegrityError, match="only_a_voided_action_is_voided_after_its_close"), transaction.atomic():
        Action.objects.update(voided_after_close=True)

    assert Action.objects.get().voided_at is None


def test_when_its_period_is_opened_again_a_void_applies(source: Source):
    PriceRuleFactory.create()
    send(source, action())
    period = BillingPeriod.objects.get()
    BillingPeriod.objects.update(state="closed", closed_at=RECEIVED_AT)
    send(source, void(), at=LATER)

    record(PERIOD_REOPENED, on=period, by=None, reason="A late lead")
    BillingPeriod.objects.update(state="open", closed_at=None)
    apply_voids(period)
    rate(period, at=LATER)

    assert (Charge.objects.get().reason, Action.objects.get().voided_after_close) == ("voided", False)


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


def test_a_null_void_is_ignored(source: Source):
    assert outcomes(send(source, action(void=None))) == ("created", "created")
