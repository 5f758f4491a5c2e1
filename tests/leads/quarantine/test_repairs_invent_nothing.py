"""A repair keeps what an item is, and what a person changed is told wherever the action is told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from invoices.domain.document.detail_table import HEADER, rows_of_month
from leads.domain.body.parcel import Parcel
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import Action, BillingPeriod, Correction, Delivery, Lead, Product, QuarantinedItem, Source
from leads.queries.receipts import receipt_of
from pricing.domain.audit.explain import explain
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CODE = "repair_changes_identity"
CHANGED = {"/actions/0/quantity": ["-3", "3"]}
TOLD = "Repaired by olga on Oct 15, 2026, 13:00 UTC; the source sent /actions/0/quantity as -3, stored as 3."


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME", name="Acme"))
    ProductFactory.create(sku="DESK", customer=CustomerFactory.create(code="OTHER", name="Other"))
    return SourceFactory.create(code="web")


def action(name: Any = "A-1", **members: Any) -> dict[str, Any]:
    return {"id": name, "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"} | members


def lead(*actions: Any, name: Any = "L-1", sku: str = "TILE", **members: Any) -> dict[str, Any]:
    return {"id": name, "product": {"sku": sku}, "actions": list(actions)} | members


def waiting(source: Source, *sent: dict[str, Any]) -> QuarantinedItem:
    deliver(source, json.dumps(sent).encode())
    return QuarantinedItem.objects.get()


def deliver(source: Source, body: bytes, kind: str = "application/json") -> int:
    return receive(source, body=body, content_type=kind, received_at=NOW).delivery_id


def place_of_refusal(item: QuarantinedItem, content: Any, by: User) -> tuple[str, str]:
    """Check that the repair is refused without changing anything but the history."""
    before = [kind.objects.count() for kind in (Lead, Action, Delivery, Correction)]
    with pytest.raises(StillRefused) as refused:
        repair(item, content=content, by=by, at=LATER, by_hand=True)
    item.refresh_from_db()
    assert [kind.objects.count() for kind in (Lead, Action, Delivery, Correction)] == before
    assert (item.state, [step.kind for step in item.steps.all()]) == ("waiting", ["refused_again"])
    return refused.value.fault.code, refused.value.fault.pointer


TWO = (action("A-1", quantity=-3), action("A-2", quantity=1))
SENT = lead(*TWO, sku="GONE")
OF_SENT: list[tuple[dict[str, Any], str]] = [
    (lead(*TWO, name="FORGED-1"), "/id"),
    (lead(action("A-1"), action("FORGED")), "/actions/1/id"),
    (lead(action("A-2"), action("A-1")), "/actions/0/id"),
    (lead(*TWO, action("A-3")), "/actions"),
    (lead(action("A-1")), "/actions"),
    (lead(), "/actions"),
    (lead() | {"actions": None}, "/actions"),
    (lead(action("A-1"), {"id": "A-2", "void": {"reason": "a favor"}}), "/actions/1/void"),
]


@pytest.mark.parametrize(("content", "pointer"), OF_SENT)
def test_a_repair_keeps_the_lead_its_actions_and_their_number(
    source: Source, operator: User, content: dict[str, Any], pointer: str
):
    assert place_of_refusal(waiting(source, SENT), content, operator) == (CODE, pointer)


def test_a_repair_of_one_action_adds_none(source: Source, operator: User):
    item = waiting(source, lead(action(quantity=-3)))
    assert place_of_refusal(item, lead(action(quantity=3), action("A-2")), operator) == (CODE, "/actions")


def test_a_repair_never_moves_an_item_to_another_customer(source: Source, operator: User):
    item = waiting(source, lead(action(), channel="elsewhere"))
    assert place_of_refusal(item, lead(action(), sku="DESK"), operator) == (CODE, "/product")


def test_an_unknown_product_is_corrected_within_the_customer_it_names(source: Source, operator: User):
    item = waiting(source, lead(action()) | {"product": {"sku": "TIEL", "customer": "acme"}})
    assert place_of_refusal(item, lead(action()) | {"product": {"sku": "DESK", "customer": "OTHER"}}, operator) == (
        CODE,
        "/product",
    )

    repair(item, content=lead(action()) | {"product": {"sku": "TILE", "customer": "ACME"}}, by=operator, at=LATER)

    assert Lead.objects.get().product == Product.objects.get(sku="TILE")


@pytest.mark.parametrize("sent", [{"type": "sample_order"}, {"id": None}, {"id": True}, {"id": ""}, {"id": "A\n1"}])
def test_an_id_that_no_item_may_have_is_filled_in(source: Source, operator: User, sent: dict[str, Any]):
    item = waiting(source, lead({**{k: v for k, v in action().items() if k != "id"}, **sent}))

    repair(item, content=lead(action("A-7")), by=operator, at=LATER)

    assert Action.objects.get().external_id == "A-7"


def test_17_and_its_text_are_the_same_id(source: Source, operator: User):
    item = waiting(source, lead(action(17, quantity=-1), name=5))
    repair(item, content=lead(action("17"), name=" 5 "), by=operator, at=LATER)
    assert Action.objects.get().external_id == "17"


def test_of_a_repeated_id_either_is_what_was_received(source: Source, operator: User):
    deliver(source, b'[{"id": "L-1", "id": "L-2", "product": {"sku": "TILE"}}]')
    item = QuarantinedItem.objects.get()
    assert place_of_refusal(item, {"id": "L-3", "product": {"sku": "TILE"}}, operator) == (CODE, "/id")

    repair(item, content={"id": "L-2", "product": {"sku": "TILE"}}, by=operator, at=LATER)

    assert Lead.objects.get().external_id == "L-2"


CUT = json.dumps(lead(action("A-1"), action("A-2"))).encode()[:-3] + b"\n"


@pytest.mark.parametrize(
    ("content", "is_same"),
    [
        (lead(action("A-1"), action("A-2")), True),
        (lead(action("A-1")), False),
        (lead(action("A-1"), action("A-2"), action("A-3")), False),
        (lead(action("A-1"), action("A-1")), False),
        (lead(action("A-1"), action("A-2"), name="FORGED-1"), False),
    ],
)
def test_where_no_object_can_be_read_the_ids_in_the_text_decide(
    source: Source, operator: User, content: dict[str, Any], is_same: bool
):
    deliver(source, CUT + b'{"id": "L-9", "product": {"sku": "TILE"}}\n', "application/x-ndjson")
    item = QuarantinedItem.objects.get()
    assert isinstance(item.content, str)
    if is_same:
        repair(item, content=content, by=operator, at=LATER)
        assert Action.objects.count() == 2
    else:
        assert place_of_refusal(item, content, operator) == (CODE, "")


def test_where_the_text_has_no_id_members_only_its_words_can_be_ids(source: Source, operator: User):
    deliver(source, b'L-1,A-1,sample_order\n{"id": "L-9", "product": {"sku": "TILE"}}\n', "application/x-ndjson")
    item = QuarantinedItem.objects.get()
    assert place_of_refusal(item, lead(action("A-2")), operator) == (CODE, "")

    repair(item, content=lead(action("A-1")), by=operator, at=LATER)

    assert Action.objects.get().external_id == "A-1"


MAPPING = {
    "fields": {"id": "Id", "product.sku": {"constant": "TILE"}, "contact.email": "Email"},
    "actions": [
        {
            "when": "Sample",
            "fields": {"id": "join('', [Id, '-s'])", "type": {"constant": "sample_order"}, "occurred_at": "At"},
        }
    ],
}
RECORD = {"Id": "L-1", "Email": {"no": "text"}, "Sample": "", "At": "2026-10-05T10:00:00Z"}


@pytest.mark.parametrize("change", [{"Id": "FORGED"}, {"Sample": "yes"}])
def test_a_record_of_a_file_keeps_its_ids_and_its_actions(source: Source, operator: User, change: dict[str, str]):
    SourceMappingFactory.create(source=source, document=MAPPING)
    placed = active_converter(source, door=FILES).convert(RECORD, place="/2")
    receive(source, parcel=Parcel(placed), body=b"", content_type="text/csv", received_at=NOW, name="crm.csv")
    item = QuarantinedItem.objects.get()
    assert (item.code, item.pointer, item.content) == ("value_unreadable", "/2/Email", RECORD)

    assert place_of_refusal(item, RECORD | {"Email": "ann@studio.example"} | change, operator) == (CODE, "")
    repair(item, content=RECORD | {"Email": "ann@studio.example"}, by=operator, at=LATER)

    assert (Lead.objects.get().email, Action.objects.count()) == ("ann@studio.example", 0)


# --- told


@pytest.fixture
def repaired(source: Source, operator: User) -> Action:
    item = waiting(source, lead(action(quantity=-3), action("A-2")))
    repair(item, content=lead(action(quantity=3)), by=operator, at=LATER)
    PriceRuleFactory.create()
    rate(BillingPeriod.objects.get(), at=LATER)
    return Action.objects.get(external_id="A-1")


def test_what_a_person_changed_is_on_the_action_and_on_no_other(repaired: Action, operator: User):
    [correction] = Correction.objects.select_related("step")
    assert (correction.action, correction.lead_id, correction.changed) == (repaired, repaired.lead_id, CHANGED)
    assert (correction.step.by, correction.step.at, correction.step.changed) == (operator, LATER, CHANGED)
    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        Correction.objects.all().delete()
    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        Correction.objects.update(changed={"/": ["", "1"]})


def test_the_explanation_says_who_repaired_it_and_what_the_source_sent(repaired: Action):
    own, other = (explain(charge) for charge in Charge.objects.order_by("action__external_id"))
    assert own.sentences[-1] == TOLD
    assert own.facts["corrections"] == [
        {
            "kind": "repaired",
            "by": "olga",
            "at": "2026-10-15T13:00:00+00:00",
            "changes": [{"pointer": "/actions/0/quantity", "received": "-3", "stored": "3"}],
        }
    ]
    assert (TOLD in other.sentences, other.facts["corrections"]) == (False, [])


def test_the_receipt_tells_the_source_what_was_changed(source: Source, repaired: Action):
    answer = receipt_of(source, QuarantinedItem.objects.get().delivery_id)
    assert answer is not None
    [settled] = [one["settled"] for one in answer["results"][0]["actions"] if "settled" in one]
    assert settled == {
        "state": "repaired",
        "settled_at": LATER,
        "note": "",
        "changes": [{"pointer": "/actions/0/quantity", "received": "-3", "stored": "3"}],
    }


def test_the_invoice_detail_has_a_column_for_it(repaired: Action):
    at, named = HEADER.index("Corrected"), HEADER.index("Action")
    assert {row[named]: row[at] for row in rows_of_month("2026-10")} == {
        "A-1": "Repaired by olga on Oct 15, 2026, 13:00 UTC",
        "A-2": "",
    }


def test_the_page_of_the_action_tells_it(repaired: Action, operations: Client):
    shown = operations.get(reverse("admin:leads_action_change", args=[repaired.pk])).content.decode()
    assert TOLD in shown


def test_what_was_corrected_on_a_lead_is_told_of_its_later_actions_too(source: Source, operator: User):
    item = waiting(source, lead(action(), sku="GONE"))
    repair(item, content=lead(action()), by=operator, at=LATER)
    deliver(source, json.dumps([lead(action("A-2"))]).encode())
    PriceRuleFactory.create()
    rate(BillingPeriod.objects.get(), at=LATER)

    said = 'Repaired by olga on Oct 15, 2026, 13:00 UTC; the source sent /product/sku as "GONE", stored as "TILE".'
    told = [explain(charge).sentences[-1] for charge in Charge.objects.order_by("action__external_id")]
    assert told == [said, said]
    assert [row[HEADER.index("Corrected")] for row in rows_of_month("2026-10")] == [said.partition(";")[0]] * 2


def test_what_is_retried_unchanged_is_the_sources_own(source: Source, operator: User):
    item = waiting(source, lead(action(), sku="NEW"))
    ProductFactory.create(sku="NEW", customer=CustomerFactory.create())
    repair(item, content=item.content, by=operator, at=LATER)
    assert (Action.objects.count(), Correction.objects.count(), item.steps.get().changed) == (1, 0, {})


def test_a_change_is_told_of_an_action_that_waited_once_more(source: Source, operator: User):
    first = waiting(source, lead(action(quantity=1, type="brochure"), action("A-2", type="brochure"), sku="GONE"))
    repair(
        first, content=lead(action(quantity=3, type="brochure"), action("A-2", type="brochure")), by=operator, at=LATER
    )
    ActionTypeFactory.create(code="brochure")

    for item in QuarantinedItem.objects.waiting().order_by("pk"):
        repair(item, content=item.content, by=None, at=LATER)

    product = {"/product/sku": ['"GONE"', '"TILE"']}
    found = {one.action.external_id: one.changed for one in Correction.objects.exclude(action=None) if one.action}
    assert found == {"A-1": product | {"/actions/0/quantity": ["1", "3"]}, "A-2": product}


def test_taking_the_new_version_of_a_conflict_is_told_too(source: Source, operator: User):
    deliver(source, json.dumps([lead(action(quantity=1))]).encode())
    item = waiting(source, lead(action(quantity=3)))
    take_new(item, note="Counted again", by=operator, at=LATER)
    PriceRuleFactory.create()
    rate(BillingPeriod.objects.get(), at=LATER)

    said = "Replaced with a new version by olga on Oct 15, 2026, 13:00 UTC; quantity: 1 → 3."
    assert explain(Charge.objects.get()).sentences[-1] == said
    assert [row[HEADER.index("Corrected")] for row in rows_of_month("2026-10")] == [said.partition(";")[0]]


# --- shown before it is saved


def test_a_person_sees_the_difference_before_it_is_stored(source: Source, operations: Client):
    item = waiting(source, lead(action(quantity=-3)))
    address = reverse("admin:leads_quarantineditem_retry", args=[item.pk])
    typed = {"content": json.dumps(lead(action(quantity=3)))}

    asked = operations.post(address, typed)
    other = operations.post(address, {"content": json.dumps(lead(action(quantity=4))), "seen": asked.context["seen"]})
    assert [each.context["changes"] for each in (asked, other)] == [
        [{"where": "/actions/0/quantity", "before": "-3", "after": "3"}],
        [{"where": "/actions/0/quantity", "before": "-3", "after": "4"}],
    ]
    assert not Action.objects.exists()

    operations.post(address, typed | {"seen": asked.context["seen"]})

    assert Action.objects.get().quantity == 3
    page = operations.get(reverse("admin:leads_quarantineditem_change", args=[item.pk]))
    assert [step["changed"] for step in page.context["steps"]] == [["/actions/0/quantity: -3 → 3"]]


def test_what_is_refused_anyway_is_refused_at_once(source: Source, operations: Client):
    item = waiting(source, lead(action(quantity=-3)))
    address = reverse("admin:leads_quarantineditem_retry", args=[item.pk])

    shown = operations.post(address, {"content": json.dumps(lead(action(quantity=3), name="FORGED-1"))})

    assert (shown.context["fault"].code, shown.context["pointer"]) == (CODE, "/id")
    assert not Action.objects.exists()
