"""Every attempt to settle an item is recorded, conflicts are settled by a person, and many items are retried at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from leads.domain.intake.receive import receive
from leads.domain.quarantine.bulk_retry import (
    BULK_RETRIES,
    NothingToRetry,
    RetryInProgress,
    retry_next,
    start_retry,
)
from leads.domain.quarantine.conflicts import NoConflict, OtherPeriod, PeriodClosed, take_new
from leads.domain.quarantine.settle import AlreadySettled, NoteMissing, StillRefused, discard, repair
from leads.models import (
    Action,
    BillingPeriod,
    BulkRetry,
    Delivery,
    Lead,
    Product,
    QuarantinedItem,
    Source,
    UnratedMark,
)
from leads.tasks import retry_task
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    QuarantineStepFactory,
    SourceFactory,
)
from tests.processes import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    return SourceFactory.create(code="web")


def action(name: str = "A-1", **members: Any) -> dict[str, Any]:
    return {"id": name, "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"} | members


def lead(name: str = "L-1", *actions: dict[str, Any], sku: str = "TILE", **members: Any) -> dict[str, Any]:
    return {"id": name, "product": {"sku": sku, "customer": "ACME"}, "actions": list(actions)} | members


def send(source: Source, *leads: dict[str, Any]) -> None:
    receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=NOW)


def stored() -> dict[str, int]:
    kinds = (Lead, Action, Delivery, UnratedMark)
    return {kind.__name__: kind.objects.count() for kind in kinds}


def steps(item: QuarantinedItem) -> list[tuple[str, str]]:
    return list(item.steps.order_by("pk").values_list("kind", "note"))


# --- fixed and retried


def test_what_is_still_refused_changes_nothing_but_the_try_is_noted(source: Source, operator: User):
    send(source, lead(sku="NEW"))
    item, before = QuarantinedItem.objects.get(), stored()

    with pytest.raises(StillRefused) as refused:
        repair(item, content=item.content | {"occurred_at": "yesterday"}, by=operator, at=LATER)

    item.refresh_from_db()
    assert (refused.value.fault.code, refused.value.fault.pointer) == ("member_invalid", "/occurred_at")
    assert (item.state, item.code, stored()) == ("waiting", "unknown_product", before)
    assert [kind for kind, _ in steps(item)] == ["refused_again"]


def test_an_item_retried_unchanged_waits_with_its_current_fault(source: Source, operator: User):
    send(source, {"id": "L-1", "product": {"sku": "NEW"}})
    item = QuarantinedItem.objects.get()
    ProductFactory.create(sku="NEW"), ProductFactory.create(sku="NEW")

    with pytest.raises(StillRefused):
        repair(item, content=item.content, by=operator, at=LATER)

    item.refresh_from_db()
    assert (item.state, item.code, item.pointer) == ("waiting", "ambiguous_product", "/product")


def test_the_repaired_item_names_the_delivery_it_went_in_as(source: Source, operator: User):
    send(source, lead(sku="NEW"))
    item = QuarantinedItem.objects.get()

    receipt = repair(item, content={"id": "L-1", "product": {"sku": "TILE"}}, by=operator, at=LATER)

    [step] = item.steps.all()
    assert (step.kind, step.by, step.at, step.delivery_id) == ("repaired", operator, LATER, receipt.delivery_id)


def test_numbers_of_a_fixed_item_keep_their_digits(source: Source, operator: User):
    send(source, lead(sku="NEW", attributes={"price": 0.10}))
    item = QuarantinedItem.objects.get()

    repair(item, content=item.content | {"product": {"sku": "TILE"}}, by=operator, at=LATER)

    assert Lead.objects.get().attributes == {"price": 0.10}


def test_an_item_is_settled_once_and_its_history_is_kept(source: Source, operator: User):
    send(source, lead(sku="NEW"))
    item = QuarantinedItem.objects.get()
    discard(item, note="Sent by mistake", by=operator, at=LATER)

    with pytest.raises(AlreadySettled):
        discard(item, note="Again", by=operator, at=LATER)
    with pytest.raises(AlreadySettled):
        repair(item, content=item.content, by=operator, at=LATER)

    assert steps(item) == [("discarded", "Sent by mistake")]


def test_the_database_itself_refuses_to_delete_what_was_refused():
    step = QuarantineStepFactory.create()
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        QuarantinedItem.objects.filter(pk=step.item_id)._raw_delete("default")
    with pytest.raises(IntegrityError, match="history of a quarantined item can't change"), transaction.atomic():
        type(step).objects.update(note="rewritten")
    with pytest.raises(IntegrityError, match="history of a quarantined item can't change"), transaction.atomic():
        type(step).objects.all().delete()


def test_who_took_a_step_stays_on_record(operator: User):
    step = QuarantineStepFactory.create(by=operator, note="why")

    with pytest.raises(ProtectedError):
        operator.delete()
    with pytest.raises(IntegrityError, match="history of a quarantined item can't change"), transaction.atomic():
        type(step).objects.update(by=None)

    step.refresh_from_db()
    assert (step.by, step.note) == (operator, "why")


# --- conflicts


@pytest.fixture
def conflict(source: Source) -> QuarantinedItem:
    """An action stored with quantity 1, and sent again with 3 and another type."""
    send(source, lead("L-1", action(quantity=1)))
    send(source, lead("L-1", action(quantity=3, type="page_view", value="9.50")))
    UnratedMark.objects.all().delete()
    return QuarantinedItem.objects.get(code="action_conflict")


def test_the_new_version_of_an_action_replaces_the_stored_one(conflict: QuarantinedItem, operator: User):
    take_new(conflict, note="Typing mistake at the fair", by=operator, at=LATER)

    now_stored = Action.objects.select_related("action_type").get()
    assert (now_stored.quantity, now_stored.action_type.code, now_stored.value) == (3, "page_view", 9.5)
    conflict.refresh_from_db()
    [step] = conflict.steps.all()
    assert (conflict.state, conflict.settled_by, conflict.settled_note) == (
        "repaired",
        operator,
        "Typing mistake at the fair",
    )
    assert (step.kind, step.changed) == (
        "took_new",
        {"action_type": ["sample_order", "page_view"], "quantity": ["1", "3"], "value": ["", "9.5"]},
    )
    assert [mark.period for mark in UnratedMark.objects.all()] == [now_stored.period]


def test_if_the_source_sends_it_again_it_is_a_duplicate(source: Source, conflict: QuarantinedItem, operator: User):
    take_new(conflict, note="Right", by=operator, at=LATER)
    body = json.dumps(lead("L-1", action(quantity=3, type="page_view", value="9.50"))).encode()

    receipt = receive(source, body=body, content_type="application/json", received_at=LATER)

    assert [each.outcome for each in receipt.results[0].actions] == ["duplicate"]


def refused(item: QuarantinedItem, why: type[Exception], by: User, note: str = "Right") -> None:
    """Check that the new version is refused without changing anything."""
    before = (stored(), list(Action.objects.values()), list(Lead.objects.values()))
    with pytest.raises(why):
        take_new(item, note=note, by=by, at=LATER)
    item.refresh_from_db()
    assert (stored(), list(Action.objects.values()), list(Lead.objects.values())) == before
    assert item.state == "waiting"


def test_no_new_version_is_taken_without_a_reason(conflict: QuarantinedItem, operator: User):
    refused(conflict, NoteMissing, operator, note="  ")


def test_what_is_billed_stays(conflict: QuarantinedItem, operator: User):
    BillingPeriod.objects.update(state="closed", closed_at=NOW)
    refused(conflict, PeriodClosed, operator)


def test_what_would_belong_to_another_month_stays(source: Source, operator: User):
    send(source, lead("L-1", action(occurred_at="2026-10-05T10:00:00Z")))
    send(source, lead("L-1", action(occurred_at="2026-09-05T10:00:00Z")))
    refused(QuarantinedItem.objects.get(), OtherPeriod, operator)


def test_only_a_conflict_has_two_versions(source: Source, operator: User):
    send(source, lead(sku="NEW"))
    refused(QuarantinedItem.objects.get(), NoConflict, operator)


def test_what_is_stored_is_kept_by_discarding_the_new_version(conflict: QuarantinedItem, operator: User):
    discard(conflict, note="The first was right", by=operator, at=LATER)
    assert (Action.objects.get().quantity, UnratedMark.objects.count()) == (1, 0)


def test_the_new_version_of_a_lead_is_taken_and_the_actions_that_waited_with_it_go_in(source: Source, operator: User):
    ProductFactory.create(sku="SLAB", customer=Product.objects.get(sku="TILE").customer)
    send(source, lead("L-1", action(), contact={"email": "ann@studio.example", "firm": "Studio"}))
    send(source, lead("L-1", action("A-2"), sku="SLAB", contact={"email": "Eva@studio.example"}))
    item = QuarantinedItem.objects.get(code="lead_conflict")
    UnratedMark.objects.all().delete()

    receipt = take_new(item, note="Two cards were swapped", by=operator, at=LATER)

    now_stored = Lead.objects.select_related("product").get()
    assert (now_stored.product.sku, now_stored.email, now_stored.person_key, now_stored.firm) == (
        "SLAB",
        "Eva@studio.example",
        "eva@studio.example",
        "Studio",
    )
    assert [(one.id, one.outcome) for one in receipt.results[0].actions] == [("A-2", "created")]
    assert item.steps.get().changed == {
        "product": ["TILE", "SLAB"],
        "email": ["ann@studio.example", "Eva@studio.example"],
        "person_key": ["ann@studio.example", "eva@studio.example"],
    }
    assert {mark.reason for mark in UnratedMark.objects.all()} == {"conflict settled", "intake"}


def test_a_lead_with_an_action_that_is_billed_keeps_what_is_stored(source: Source, operator: User):
    send(source, lead("L-1", action(), contact={"email": "ann@studio.example"}))
    send(source, lead("L-1", contact={"email": "eva@studio.example"}))
    BillingPeriod.objects.update(state="closed", closed_at=NOW)
    refused(QuarantinedItem.objects.get(), PeriodClosed, operator)


def test_a_lead_never_moves_to_another_customer(source: Source, operator: User):
    ProductFactory.create(sku="DESK", customer__code="OTHER")
    send(source, lead("L-1", action()))
    send(source, lead("L-1") | {"product": {"sku": "DESK", "customer": "OTHER"}})
    refused(QuarantinedItem.objects.get(), OtherPeriod, operator)


def test_a_conflict_that_comes_up_only_when_its_type_is_known_can_be_settled_too(source: Source, operator: User):
    send(source, lead("L-1", action(quantity=1)))
    send(source, lead("L-1", action(quantity=1, type="brochure")))
    item = QuarantinedItem.objects.get(code="unknown_action_type")
    ActionTypeFactory.create(code="brochure")

    with pytest.raises(StillRefused):
        repair(item, content=item.content, by=operator, at=LATER)
    item.refresh_from_db()
    assert (item.code, item.stored_action) == ("action_conflict", Action.objects.get())
    take_new(item, note="It was a brochure", by=operator, at=LATER)

    assert Action.objects.get().action_type.code == "brochure"


# --- many at once


def waiting(source: Source, count: int) -> None:
    send(source, *(lead(f"L-{number}", action(), sku="NEW") for number in range(count)))


def test_all_waiting_items_of_a_source_and_code_are_retried_and_counted(source: Source, operator: User):
    waiting(source, 3)
    send(source, lead("L-9", sku="GONE"))
    send(SourceFactory.create(), lead("L-1", sku="NEW"))
    ProductFactory.create(sku="NEW", customer=Product.objects.get(sku="TILE").customer)

    retry = start_retry(source, code="unknown_product", by=operator, at=LATER)
    retry_task(item_id=retry.pk)

    retry.refresh_from_db()
    assert (retry.total, retry.stored, retry.refused, retry.finished_at is None) == (4, 3, 1, False)
    assert Lead.objects.count() == 3
    left = QuarantinedItem.objects.waiting().order_by("pk")
    assert [(item.source == source, item.content["product"]["sku"]) for item in left] == [
        (True, "GONE"),
        (False, "NEW"),
    ]
    assert set(QuarantinedItem.objects.filter(state="repaired").values_list("settled_by", flat=True)) == {operator.pk}


def test_what_comes_in_while_it_runs_is_left_for_the_next(source: Source):
    waiting(source, 2)
    retry = start_retry(source, code="unknown_product", by=None, at=NOW)
    send(source, lead("L-9", sku="NEW"))

    retry_task(item_id=retry.pk)

    retry.refresh_from_db()
    assert (retry.total, retry.refused) == (2, 2)


def test_an_abandoned_retry_is_queued_again_and_continues(source: Source):
    waiting(source, 3)
    retry = start_retry(source, code="unknown_product", by=None, at=NOW)
    retry_next(retry.pk, at=NOW)

    assert BULK_RETRIES.sweep(at=NOW) == 1
    retry_task(item_id=retry.pk)

    retry.refresh_from_db()
    assert (retry.refused, retry.percent, BULK_RETRIES.sweep(at=NOW)) == (3, 100, 0)
    assert [item.steps.count() for item in QuarantinedItem.objects.all()] == [1, 1, 1]


def test_the_same_is_not_retried_twice_at_a_time(source: Source):
    waiting(source, 1)
    start_retry(source, code="unknown_product", by=None, at=NOW)
    with pytest.raises(RetryInProgress):
        start_retry(source, code="unknown_product", by=None, at=NOW)
    with pytest.raises(NothingToRetry):
        start_retry(source, code="member_missing", by=None, at=NOW)
    assert BulkRetry.objects.count() == 1


RETRY = "from leads.tasks import retry_task; retry_task(item_id={})"


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_retry_store_each_thing_once(source: Source):
    waiting(source, 20)
    ProductFactory.create(sku="NEW", customer=Product.objects.get(sku="TILE").customer)
    retry = start_retry(source, code="unknown_product", by=None, at=NOW)

    at_once(*[RETRY.format(retry.pk)] * 2)
    retry_task(item_id=retry.pk)  # the second worker gave up; the sweep queues it again

    retry.refresh_from_db()
    assert (retry.stored, retry.refused, Lead.objects.count(), Action.objects.count()) == (20, 0, 20, 20)
