"""What arrives before what it refers to waits a stated time, joins by itself, or is left to a person."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.models import Deed
from billing_engine.core.queues.queue import sweep
from leads.domain.body.decode import as_json
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.domain.quarantine.joins import JOINS
from leads.domain.quarantine.settle import StillRefused, discard, repair
from leads.models import Action, BillingPeriod, Delivery, Lead, QuarantinedItem, QuarantineStep, Source
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
TOMORROW = NOW + timedelta(hours=24)
NOVEMBER = datetime(2026, 11, 5, 9, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create()


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send, and then do what the workers were woken for, until they are asked for nothing more."""
    asked = list[list[int]]()

    def noted(task: str, *, item_ids: list[int]) -> None:
        assert task == "leads.join"
        asked.append(item_ids)

    monkeypatch.setattr("leads.domain.intake.receive.after_commit", noted)

    def done(source: Source, *leads: dict[str, Any], at: datetime = NOW) -> Receipt:
        receipt = send(source, *leads, at=at)
        while asked:
            JOINS.work(asked.pop(0), at=at)
        return receipt

    return done


def send(source: Source, *leads: dict[str, Any], at: datetime = NOW) -> Receipt:
    return receive(source, body=as_json(list(leads)).encode(), content_type="application/json", received_at=at)


def create(number: int = 1, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"L-{number}", "product": {"sku": "TILE-9"}, "actions": list(actions)}


def update(*actions: dict[str, Any], number: int = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"L-{number}", "actions": list(actions)} | facts


def action(number: int = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z"} | facts


def void(number: int = 1) -> dict[str, Any]:
    return {"id": f"A-{number}", "void": {"reason": "Canceled"}}


def rows() -> Any:
    """What is stored, without when it arrived."""
    return (
        sorted(Lead.objects.values_list("external_id", "product__sku")),
        sorted(
            Action.objects.values_list(
                "lead__external_id", "external_id", "occurred_at", "quantity", "void_reason", "period__label"
            )
        ),
    )


def items() -> list[tuple[str, str, str, datetime | None]]:
    return list(QuarantinedItem.objects.order_by("pk").values_list("code", "state", "waits_for", "waits_until"))


def test_an_action_before_its_lead_waits_and_is_stored_when_its_lead_arrives(source: Source, joined: Any):
    receipt = joined(source, update(action()))

    [item] = QuarantinedItem.objects.all()
    assert receipt.as_json()["results"] == [
        {
            "id": "L-1",
            "outcome": "quarantined",
            "code": "product_missing",
            "pointer": "/0/product",
            "message": "This lead is not known yet. Name the product it is about. Waits for its lead until 2026-10-21 09:00 UTC.",
            "quarantined_item": item.pk,
            "waits_until": TOMORROW,
            "actions": [
                {
                    "id": "A-1",
                    "outcome": "quarantined",
                    "code": "lead_quarantined",
                    "pointer": "/0/actions/0",
                    "message": "Held with its lead.",
                    "quarantined_item": item.pk,
                    "waits_until": TOMORROW,
                }
            ],
        }
    ]
    assert items() == [("product_missing", "waiting", "", TOMORROW)]
    assert rows() == ([], [])

    joined(source, create(), at=SOON)

    assert items() == [("product_missing", "repaired", "", None)]
    assert [name for _, name, *_ in rows()[1]] == ["A-1"]
    [step] = QuarantineStep.objects.all()
    assert (step.kind, step.by, step.at) == ("joined", None, SOON)
    deed = Deed.objects.get(verb="quarantined_item_joined")
    assert (deed.actor, deed.actor_name) == ("source", str(source))


def test_a_void_before_its_action_waits_and_applies_when_its_action_arrives(source: Source, joined: Any):
    receipt = joined(source, create(1, void()))

    assert receipt.results[0].actions[0].as_json()["message"] == (
        "No action with this id is stored for this lead. Waits for its action until 2026-10-21 09:00 UTC."
    )
    assert items() == [("unknown_action", "waiting", "A-1", TOMORROW)]

    joined(source, update(action(2)), at=SOON)
    assert items() == [("unknown_action", "waiting", "A-1", TOMORROW)]

    joined(source, update(action()), at=SOON)
    assert items() == [("unknown_action", "repaired", "A-1", None)]
    assert [(name, reason) for _, name, _, _, reason, _ in rows()[1]] == [("A-1", "Canceled"), ("A-2", "")]


def test_an_update_before_the_create_waits_and_joins(source: Source, joined: Any):
    joined(source, update(campaign="Spring"))
    joined(source, create(), at=SOON)

    assert items() == [("product_missing", "repaired", "", None)]
    assert rows() == ([("L-1", "TILE-9")], [])


def test_in_order_nothing_waits_and_no_worker_is_woken(source: Source, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.domain.intake.receive.after_commit", lambda *_, **__: pytest.fail("woken"))

    for sent in (create(), update(action()), update(void()), update(campaign="Spring")):
        send(source, sent)

    assert (items(), JOINS.due(at=SOON)) == ([], [])


def test_what_another_source_sends_joins_nothing(source: Source, joined: Any):
    joined(source, update(action()))
    joined(SourceFactory.create(), create())

    assert (items(), JOINS.due(at=SOON)) == ([("product_missing", "waiting", "", TOMORROW)], [])


def test_an_item_with_another_fault_does_not_wait(source: Source):
    send(source, update(action(type="")))

    assert items() == [("product_missing", "waiting", "", None)]


def test_a_source_can_wait_longer_or_not_at_all(source: Source):
    Source.objects.update(wait_hours=72)
    send(Source.objects.get(), update(action()))
    Source.objects.update(wait_hours=0)
    send(Source.objects.get(), update(action(2)))

    assert [until for *_, until in items()] == [NOW + timedelta(days=3), None]


def test_when_its_time_is_over_a_person_has_to_settle_it(source: Source, joined: Any):
    joined(source, update(action()))
    JOINS.tidy(at=TOMORROW - timedelta(seconds=1))
    assert (QuarantinedItem.objects.for_another().count(), QuarantinedItem.objects.for_person().count()) == (1, 0)

    JOINS.tidy(at=TOMORROW)
    assert (QuarantinedItem.objects.for_another().count(), QuarantinedItem.objects.for_person().count()) == (0, 1)

    again = joined(source, update(action()), at=TOMORROW)  # sent again, it does not wait again
    assert "waits_until" not in again.results[0].as_json()
    joined(source, create(), at=TOMORROW)
    assert items() == [("product_missing", "waiting", "", None)]


def test_an_item_whose_lead_came_in_time_joins_even_if_the_workers_were_down(source: Source):
    send(source, update(action()))
    send(source, create(), at=SOON)

    messages = sweep([JOINS], at=TOMORROW + timedelta(minutes=1))

    [item] = QuarantinedItem.objects.all()
    assert (messages, JOINS.due(at=TOMORROW)) == (1, [{"item_ids": [item.pk]}])
    JOINS.tidy(at=TOMORROW + timedelta(hours=1))  # one that ends its workers every time
    assert (JOINS.due(at=TOMORROW), QuarantinedItem.objects.for_person().count()) == ([], 1)


def test_what_is_refused_when_it_joins_is_left_to_a_person_with_its_new_fault(source: Source, joined: Any):
    joined(source, update(action(), is_test=False, contact={"email": "a@ash.example"}))
    joined(source, create() | {"contact": {"email": "b@ash.example"}}, at=SOON)

    assert items() == [("lead_conflict", "waiting", "", None)]
    assert (QuarantineStep.objects.get().kind, Action.objects.count()) == ("refused_again", 0)


def test_an_unexpected_error_leaves_the_item_to_a_person(source: Source, joined: Any, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    joined(source, update(action()))
    monkeypatch.setattr("leads.domain.quarantine.joins.resend", fails)
    joined(source, create(), at=SOON)

    assert items() == [("product_missing", "waiting", "", None)]
    assert QuarantineStep.objects.get().note == "Failed unexpectedly: ZeroDivisionError"


def test_a_person_may_retry_or_discard_it_while_it_waits(source: Source):
    send(source, update(action()))
    [item], by = QuarantinedItem.objects.all(), UserFactory.create()

    with pytest.raises(StillRefused):
        repair(item, content=item.content, by=by, at=SOON)
    assert items() == [("product_missing", "waiting", "", TOMORROW)]

    discard(item, note="Not ours", by=by, at=SOON)
    send(source, create(), at=SOON)
    JOINS.work([item.pk], at=SOON)
    assert (items(), Action.objects.count()) == ([("product_missing", "discarded", "", None)], 0)


def test_a_void_before_its_action_applies_though_its_month_was_billed_meanwhile(source: Source, joined: Any):
    PriceRuleFactory.create()
    Source.objects.update(wait_hours=30 * 24)
    source.refresh_from_db()
    joined(source, create(1, void(), action(2)))
    october = BillingPeriod.objects.get()
    rate(october, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOVEMBER)
    before = list(Charge.objects.values_list("pk", "amount"))

    joined(source, update(action()), at=NOVEMBER)

    stored = Action.objects.get(external_id="A-1")
    assert (stored.period.label, stored.void_reason, stored.voided_after_close) == ("2026-11", "Canceled", False)
    rate(stored.period, at=NOVEMBER)
    assert list(Charge.objects.filter(period=october).values_list("pk", "amount")) == before
    assert list(Charge.objects.filter(period=stored.period).values_list("reason", "amount")) == [("voided", 0)]


DELIVERIES = [
    create(),
    update(action()),
    update(action(2)),
    update(void()),
    update(campaign="Spring"),
    create(2, void(3)),
]
DELIVERIES.append(update(action(3), number=2))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(DELIVERIES), cuts=st.sets(st.integers(1, len(DELIVERIES) - 1)))
def test_whatever_the_order_of_deliveries_the_same_rows_are_stored(
    source: Source, joined: Any, order: list[dict[str, Any]], cuts: set[int]
):
    def stored_of(*deliveries: list[dict[str, Any]]) -> Any:
        with transaction.atomic():
            for leads in deliveries:
                joined(source, *leads)
            found = rows(), QuarantinedItem.objects.waiting().count(), _sums()
            transaction.set_rollback(True)
        return found

    edges = [0, *sorted(cuts), len(order)]
    expected, _, _ = stored_of(*([one] for one in DELIVERIES))
    shuffled, waiting, sums = stored_of(*(order[start:end] for start, end in pairwise(edges)))

    assert (shuffled, waiting, sums) == (expected, 0, True)


def _sums() -> bool:
    """Whether every delivery's outcomes add up, in Python as in the database."""
    return all(
        sum(getattr(delivery, f"leads_{name}") for name in ("created", "updated", "duplicate", "quarantined"))
        == delivery.leads_received
        for delivery in Delivery.objects.all()
    )


JOIN = """
from leads.domain.quarantine.joins import JOINS
JOINS.work({items}, at=now())
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_join_each_item_once(source: Source):
    send(source, *(update(action(), number=number) for number in range(20)))
    send(source, *(create(number) for number in range(20)))
    asked = list(QuarantinedItem.objects.values_list("pk", flat=True))

    at_once(*[JOIN.format(items=json.dumps(asked))] * 2)
    JOINS.work(asked, at=NOW)

    assert {(code, state) for code, state, *_ in items()} == {("product_missing", "repaired")}
    assert (Action.objects.count(), QuarantineStep.objects.count(), len(asked)) == (20, 20, 20)
