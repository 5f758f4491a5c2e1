"""Implausibly large actions go to quarantine without affecting others, and are stored once the limit is raised."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.domain.intake.receive import receive
from leads.domain.intake.write import MANY
from leads.domain.quarantine.bulk_retry import start_retry
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import Action, ActionType, QuarantinedItem, Source
from leads.tasks import retry_task
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory, from_day
from tests.shared import BILLING_CASES, needs_cases

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def source(db: None) -> Source:
    return a_source()


def a_source() -> Source:
    ProductFactory.create(sku="TILE", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order", largest_quantity=100, largest_value=Decimal("250.5"))
    return SourceFactory.create()


def action(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"} | members


def sent(source: Source, *actions: dict[str, Any], lead: str = "L-1", **members: Any) -> list[tuple[str, str]]:
    """Return the outcome and the code of each action."""
    body = {"id": lead, "product": {"sku": "TILE"}, "actions": list(actions)} | members
    receipt = receive(source, body=json.dumps(body).encode(), content_type="application/json", received_at=RECEIVED_AT)
    return [(one.outcome, one.fault.code if one.fault else "") for one in receipt.results[0].actions]


def test_an_action_beyond_a_limit_of_its_type_waits_and_others_are_stored(source: Source):
    outcomes = sent(
        source,
        action("at", quantity=100, value="250.5"),
        action("above", quantity="100.000001"),
        action("worth", value=251),
        action("other", quantity=1),
    )

    waits = [("quarantined", "quantity_implausible"), ("quarantined", "value_implausible")]
    assert outcomes == [("created", ""), *waits, ("created", "")]
    assert list(Action.objects.order_by("external_id").values_list("external_id", flat=True)) == ["at", "other"]
    found = QuarantinedItem.objects.order_by("pk").values_list("code", "pointer", "message")
    assert sorted(found) == [
        (
            "quantity_implausible",
            "/actions/1/quantity",
            "A quantity of 100.000001 exceeds 100, the limit of the action type sample_order. Correct it or, if it is right,"
            " raise the limit from its day on and retry.",
        ),
        (
            "value_implausible",
            "/actions/2/value",
            "A value of 251 exceeds 250.5, the limit of the action type sample_order. Correct it or, if it is right, raise the"
            " limit from its day on and retry.",
        ),
    ]


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.decimals(min_value=0, max_value=200, places=6), st.decimals(min_value=0, max_value=500, places=6)),
        min_size=1,
        max_size=6,
    )
)
def test_a_lead_read_in_one_step_and_one_read_part_by_part_are_judged_alike(amounts: list[tuple[Decimal, Decimal]]):
    actions = [
        action(f"A-{number}", quantity=str(quantity), value=str(value))
        for number, (quantity, value) in enumerate(amounts)
    ]
    with transaction.atomic():
        source = a_source()
        at_once = sent(source, *actions, lead="L-1")
        by_parts = sent(source, *actions, lead="L-2", attributes={"nested": {"is": ["read", "part by part"]}})
        transaction.set_rollback(True)

    assert at_once == by_parts
    assert [not code for _, code in at_once] == [
        quantity <= 100 and value <= Decimal("250.5") for quantity, value in amounts
    ]


def test_among_many_actions_stored_by_copy_only_the_implausible_ones_wait(source: Source):
    outcomes = sent(source, *(action(f"A-{number}", quantity=number) for number in range(MANY)))

    assert outcomes.count(("created", "")) == Action.objects.count() == 101
    assert outcomes.count(("quarantined", "quantity_implausible")) == MANY - 101


def test_it_goes_in_when_the_limit_was_raised_and_all_that_wait_are_retried(
    source: Source, operator: User, admin_client: Client
):
    sent(source, action("A-1", quantity=5_000), action("A-2", quantity=7_000))
    item = QuarantinedItem.objects.first()
    assert item is not None
    with pytest.raises(StillRefused, match="quantity_implausible"):
        repair(item, content=item.content, by=operator, at=RECEIVED_AT)
    kind = ActionType.objects.get()

    form = {"unit": "sample", "is_billable": "on", "first_day": "2026-10-01"}
    limits = {"largest_quantity": "6000", "largest_value": "250.5"}
    answer = admin_client.post(reverse("admin:leads_actiontype_change_facts", args=[kind.pk]), form | limits)
    assert answer.status_code == 302
    retry = start_retry(source, code="quantity_implausible", by=operator, at=RECEIVED_AT)
    retry_task(item_id=retry.pk)

    assert list(Action.objects.values_list("external_id", "quantity")) == [("A-1", 5_000)]
    assert list(QuarantinedItem.objects.waiting().values_list("code", flat=True)) == ["quantity_implausible"]


def test_what_was_stored_before_a_limit_was_lowered_stays_a_duplicate(source: Source):
    sent(source, action("A-1", quantity=90))
    from_day(ActionType.objects.get(), largest_quantity=10)

    assert sent(source, action("A-1", quantity=90)) == [("duplicate", "")]
    assert sent(source, action("A-1", quantity=80)) == [("conflict", "action_conflict")]


def test_an_implausible_new_version_does_not_replace_the_stored_one(source: Source, operator: User):
    sent(source, action("A-1", quantity=1))
    sent(source, action("A-1", quantity=101))
    item = QuarantinedItem.objects.get(code="action_conflict")

    with pytest.raises(StillRefused, match="quantity_implausible"):
        take_new(item, note="Right", by=operator, at=RECEIVED_AT)

    assert Action.objects.get().quantity == 1


@needs_cases
def test_an_implausible_quantity_is_held_by_the_default_limit():
    ProductFactory.create(sku="TILE")
    ActionTypeFactory.create()
    [case] = [
        one
        for line in (BILLING_CASES / "overflow.ndjson").read_text().splitlines()
        if (one := json.loads(line))["case"] == "amount"
    ]

    outcomes = sent(
        SourceFactory.create(),
        *(action(f"A-{number}", quantity=quantity) for number, quantity in enumerate(case["quantities"])),
    )

    assert outcomes == [("created", ""), ("quarantined", "quantity_implausible")]
