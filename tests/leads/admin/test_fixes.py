"""Fix a refused item by the one value that is wrong, and all items alike with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.admin.quarantine.bulk_retries import RETRIED_HERE
from leads.admin.quarantine.questions import Asks, meant_by, question_of
from leads.domain.archive.bodies import body_of
from leads.domain.intake.receive import receive
from leads.domain.quarantine.bulk_retry import BULK_RETRIES, retry_next
from leads.domain.quarantine.causes import Cause
from leads.domain.quarantine.fixes import is_for_many
from leads.models import Action, BulkRetry, Correction, Delivery, Lead, Product, QuarantinedItem, QuarantineStep, Source
from leads.tasks import retry_task
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
CONFLICT = "An action with this ID is already stored with a different type, time, quantity or value. (action_conflict)"


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    ActionTypeFactory.create(code="page_view", name="Page view")
    customer = CustomerFactory.create(code="ACME", name="Acme", time_zone="America/New_York")
    ProductFactory.create(sku="TZ-101", name="Zellige", customer=customer)
    ProductFactory.create(sku="SLAB", name="Slab", customer=customer)
    return SourceFactory.create(name="Fair")


def lead(name: str, sku: str = "TZ-101", **action: Any) -> dict[str, Any]:
    did = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z", "quantity": 1} | action
    return {"id": name, "product": {"sku": sku, "customer": "ACME"}, "actions": [did]}


def send(source: Source, *leads: dict[str, Any]) -> None:
    receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=NOW)


def address(item: QuarantinedItem) -> str:
    return reverse("admin:leads_quarantineditem_fix", args=[item.pk])


def oldest() -> QuarantinedItem:
    return QuarantinedItem.objects.waiting().select_related("source__customer").order_by("pk")[0]


def shown(page: Any) -> dict[str, Any]:
    """What the effect is, as far as the page tells it."""
    found = page.context
    return {
        "change": found["change"],
        "count": found["count"],
        "outcomes": dict(found["outcomes"]),
        "rows": {row.lead: (row.outcome, row.words) for row in found["rows"]},
    }


def confirm(client: Client, item: QuarantinedItem, page: Any, **answers: Any) -> Any:
    seen = {"seen": page.context["seen"], "up_to": page.context["up_to"]}
    return client.post(address(item), answers | seen, follow=True)


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def rows_of_everything() -> tuple[int, ...]:
    tables: Any = (Lead, Action, Delivery, QuarantineStep, Correction, BulkRetry)
    return tuple(table.objects.count() for table in tables)


def test_all_alike_are_fixed_after_a_look_at_what_becomes_of_each(operations: Client, source: Source):
    send(source, *(lead(f"L-{number}", type="sample_ordr") for number in range(3)), lead("L-9", type="sampel"))
    send(source, lead("L-4", type="sample_order"), lead("L-4", type="sample_ordr", quantity=2))
    before, item = rows_of_everything(), oldest()

    page = operations.post(address(item), {"meant": "sample_order", "scope": "alike"})

    assert shown(page) == {
        "change": ('"sample_ordr"', '"sample_order"'),
        "count": 4,
        "outcomes": {"Will be stored": 3, "Still refused": 1},
        "rows": {
            "L-0": ("Will be stored", "Lead L-0 updated. Actions: 1 created."),
            "L-1": ("Will be stored", "Lead L-1 updated. Actions: 1 created."),
            "L-2": ("Will be stored", "Lead L-2 updated. Actions: 1 created."),
            "L-4": ("Still refused", CONFLICT),
        },
    }
    assert rows_of_everything() == before, "a preview stores nothing"

    done = confirm(operations, item, page, value="sample_order", scope="alike")

    assert told(done) == ["Stored: 3. Refused again: 1."]
    assert sorted(QuarantinedItem.objects.waiting().values_list("lead_external_id", flat=True)) == ["L-4", "L-9"]
    changed = QuarantineStep.objects.filter(kind="repaired").values_list("by__groups__name", "changed")
    assert set(map(str, changed)) == {"('Operations', {'/actions/0/type': ['\"sample_ordr\"', '\"sample_order\"']})"}


def test_one_is_fixed_and_the_others_alike_wait(operations: Client, source: Source):
    send(source, lead("L-1", type="sample_ordr"), lead("L-2", type="sample_ordr"))
    item = oldest()

    page = operations.post(address(item), {"value": "page_view", "scope": "one"})
    done = confirm(operations, item, page, value="page_view", scope="one")

    assert shown(page)["rows"] == {"L-1": ("Will be stored", "Lead L-1 updated. Actions: 1 created.")}
    assert (told(done), BulkRetry.objects.count()) == (["Lead L-1 updated. Actions: 1 created."], 0)
    assert list(Action.objects.values_list("lead__external_id", "action_type__code")) == [("L-1", "page_view")]
    assert [each.lead_external_id for each in QuarantinedItem.objects.waiting()] == ["L-2"]


def test_what_was_not_seen_is_not_done(operations: Client, source: Source):
    send(source, lead("L-1", type="sample_ordr"), lead("L-2", type="sample_ordr"))
    item = oldest()
    page = operations.post(address(item), {"value": "sample_order", "scope": "one"})

    for other in ({"value": "page_view", "scope": "one"}, {"value": "sample_order", "scope": "alike"}):
        again = confirm(operations, item, page, **other)
        assert "seen" in again.context, "the effect of the other value is shown first"

    assert (Action.objects.count(), QuarantinedItem.objects.waiting().count()) == (0, 2)


def test_what_arrived_after_the_look_waits_for_the_next(operations: Client, source: Source):
    send(source, lead("L-1", type="sample_ordr"), lead("L-2", type="sample_ordr"))
    item = oldest()
    page = operations.post(address(item), {"value": "sample_order", "scope": "alike"})
    send(source, lead("L-3", type="sample_ordr"))

    done = confirm(operations, item, page, value="sample_order", scope="alike")

    assert told(done) == ["Stored: 2. Refused again: 0."]
    assert [each.lead_external_id for each in QuarantinedItem.objects.waiting()] == ["L-3"]


def misspelled() -> dict[str, Any]:
    sent = lead("L-1", quantiti=3)
    del sent["actions"][0]["quantity"]
    return sent


SENT = {
    "action type": (lead("L-1", type="sample_ordr"), Asks.ACTION_TYPE, "/actions/0/type", ["sample_order"]),
    "SKU": (lead("L-1", "TZ-1O1"), Asks.PRODUCT, "/product/sku", ["TZ-101 · Zellige"]),
    "customer": (
        lead("L-1") | {"product": {"sku": "SLAB", "customer": "ACMEE"}},
        Asks.CUSTOMER,
        "/product/customer",
        ["ACME"],
    ),
    "quantity": (lead("L-1", quantity=-4), Asks.NUMBER, "/actions/0/quantity", []),
    "time": (lead("L-1", occurred_at="2027-10-05T10:00:00Z"), Asks.TIME, "/actions/0/occurred_at", []),
    "offset": (lead("L-1", occurred_at="2026-10-05T10:00:00"), Asks.ZONE, "/actions/0/occurred_at", []),
    "email": (lead("L-1") | {"contact": {"email": 3}}, Asks.EMAIL, "/contact/email", []),
    "member": (misspelled(), Asks.MEMBER, "/actions/0/quantiti", ["quantity"]),
    "no type": (lead("L-1", type=None), Asks.ACTION_TYPE, "/actions/0/type", []),
    "attributes": (lead("L-1", attributes=3), None, "", []),
    "no object": (lead("L-1") | {"contact": "Ann"}, None, "", []),
}


@pytest.mark.parametrize("case", SENT)
def test_exactly_what_is_wrong_is_asked(source: Source, case: str):
    sent, asks, place, meant = SENT[case]
    send(source, sent)
    item = oldest()

    question = question_of(item)

    assert (question.asks, question.place) == (asks, place) if question else asks is None
    assert [each.words for each in meant_by(item, question)] == meant if question else meant == []


ANSWERED = {
    "action type": ({"value": "page_view"}, ["type", "page_view"]),
    "quantity": ({"value": "2.5"}, ["quantity", "2.5"]),
    "time": ({"value": "2026-10-05T18:30", "zone": "America/New_York"}, ["occurred_at", "2026-10-05T18:30:00-04:00"]),
    "offset": ({"value": "America/New_York"}, ["occurred_at", "2026-10-05T10:00:00-04:00"]),
    "member": ({"value": "/actions/0/quantity"}, ["quantity", 3]),
    "no type": ({"value": "sample_order"}, ["type", "sample_order"]),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_the_answer_changes_that_place_of_the_item_and_nothing_else(operations: Client, source: Source, case: str):
    sent = json.loads(json.dumps(SENT[case][0]))
    send(source, sent)
    item, (answers, (name, value)) = oldest(), ANSWERED[case]

    page = operations.post(address(item), answers)
    confirm(operations, item, page, **answers)

    expected = sent["actions"][0] | {name: value}
    expected.pop("quantiti", None)
    body = body_of(Delivery.objects.order_by("-pk")[0])
    assert json.loads(body) == sent | {"actions": [expected]}
    assert Action.objects.count() == 1


@pytest.mark.parametrize("case", ["time", "offset"])
def test_when_it_occurred_is_told_with_the_fix(operations: Client, source: Source, case: str):
    send(source, SENT[case][0])

    page = operations.post(address(oldest()), ANSWERED[case][0])

    [row] = page.context["rows"]
    assert row.occurred == {"time": "Oct 5, 2026, 18:30 EDT", "offset": "Oct 5, 2026, 10:00 EDT"}[case]


def test_a_product_is_named_with_its_customer_only_where_the_sku_alone_names_several(
    operations: Client, source: Source
):
    other = ProductFactory.create(sku="TZ-101", customer__code="OTHER")
    send(source, lead("L-1") | {"product": {"sku": "TZ-1O1"}}, lead("L-2") | {"product": {"sku": "SLABB"}})
    first, second = QuarantinedItem.objects.order_by("pk")

    for item, product in ((first, other), (second, Product.objects.get(sku="SLAB"))):
        page = operations.post(address(item), {"value": product.pk})
        confirm(operations, item, page, value=product.pk)

    changed = list(QuarantineStep.objects.order_by("pk").values_list("changed", flat=True))
    assert changed == [
        {"/product/sku": ['"TZ-1O1"', '"TZ-101"'], "/product/customer": ["", '"OTHER"']},
        {"/product/sku": ['"SLABB"', '"SLAB"']},
    ]


def test_a_product_of_another_customer_is_still_refused_and_nothing_is_offered(operations: Client, source: Source):
    other = ProductFactory.create(sku="OAK", customer__code="OTHER")
    send(source, lead("L-1", "TZ-1O1"))

    page = operations.post(address(oldest()), {"value": other.pk})

    assert dict(page.context["outcomes"]) == {"Will be stored": 0, "Still refused": 1}
    assert ("Nothing would be stored." in page.content.decode(), 'name="seen"' in page.content.decode()) == (
        True,
        False,
    )


def test_alike_are_the_same_source_code_place_and_value_wherever_they_are_in_their_delivery(source: Source):
    other = SourceFactory.create()
    wrong = lead("L-1", type="sample_ordr")
    second = {**lead("L-2")["actions"][0], "id": "A-2", "type": "sample_ordr"}
    send(source, lead("L-0"), wrong, lead("L-2") | {"actions": [lead("L-2")["actions"][0], second]})
    send(source, lead("L-3", type="sampel"), lead("L-4", "NONE"), lead("L-5", type=["sample_ordr"]))
    send(other, wrong)

    cause = Cause.of(oldest())

    assert [each.lead_external_id for each in cause.items().order_by("pk")] == ["L-1", "L-2"]
    assert Cause.read(json.loads(json.dumps(cause.as_json())), source=source.pk, code=cause.code) == cause


def test_contact_data_is_fixed_item_by_item(operations: Client, source: Source):
    send(source, *(lead(f"L-{number}") | {"contact": {"email": 3}} for number in range(2)))
    item = oldest()

    page = operations.get(address(item))

    assert (is_for_many(Cause.of(item)), "scope" in page.context["fix"].fields) == (False, False)
    refused = operations.post(address(item), {"value": "ann"})
    assert refused.context["fix"].errors == {"value": ["Enter a valid email address."]}
    done = operations.post(address(item), {"value": "ann@ash.example"})
    confirm(operations, item, done, value="ann@ash.example")
    assert list(Lead.objects.values_list("email", flat=True)) == ["ann@ash.example"]


def test_many_are_fixed_by_the_workers_stopped_and_resumed(operations: Client, source: Source):
    many = RETRIED_HERE + 1
    send(source, *(lead(f"L-{number}", type="sample_ordr") for number in range(many)))
    item = oldest()
    page = operations.post(address(item), {"value": "sample_order", "scope": "alike"})
    assert (page.context["count"], page.context["tried"]) == (many, 50)
    begun = confirm(operations, item, page, value="sample_order", scope="alike")
    retry = BulkRetry.objects.get()
    assert begun.redirect_chain[-1][0] == reverse("admin:leads_bulkretry_change", args=[retry.pk])
    assert "&quot;sample_ordr&quot; → &quot;sample_order&quot;" in begun.content.decode()

    retry_next(retry.pk, at=NOW)
    stopped = operations.post(reverse("admin:leads_bulkretry_stop", args=[retry.pk]), follow=True)
    assert (told(stopped), retry_next(retry.pk, at=NOW), BULK_RETRIES.sweep(at=NOW)) == (["Stopped."], False, 0)
    assert Action.objects.count() == 1
    resumed = operations.post(reverse("admin:leads_bulkretry_resume", args=[retry.pk]), follow=True)
    retry_task(item_id=retry.pk)

    assert told(resumed) == ["Resumed."]
    retry.refresh_from_db()
    assert (retry.stored, retry.refused, Action.objects.count()) == (many, 0, many)


def test_a_stopped_fix_makes_way_for_another_and_is_not_resumed_beside_it(operations: Client, source: Source):
    send(source, *(lead(f"L-{number}", type="sample_ordr") for number in range(RETRIED_HERE + 1)))
    item = oldest()
    for value in ("page_view", "sample_order"):
        page = operations.post(address(item), {"value": value, "scope": "alike"})
        confirm(operations, item, page, value=value, scope="alike")
        if value == "page_view":
            operations.post(reverse("admin:leads_bulkretry_stop", args=[BulkRetry.objects.get().pk]))
    first, second = BulkRetry.objects.order_by("pk")

    refused = operations.post(reverse("admin:leads_bulkretry_resume", args=[first.pk]))

    assert refused.context["form"].non_field_errors() == ["These items are already being retried."]
    assert (first.fix["value"], second.fix["value"], second.stopped_at) == ("page_view", "sample_order", None)


def test_a_settled_item_and_one_that_no_value_mends_lead_to_their_page(operations: Client, source: Source):
    send(source, lead("L-1", attributes=3))
    item = oldest()
    assert operations.get(address(item)).url == reverse("admin:leads_quarantineditem_change", args=[item.pk])
    send(source, lead("L-2", type="sample_ordr"))
    QuarantinedItem.objects.update(state="discarded", settled_at=NOW, settled_note="Not ours.")
    item = QuarantinedItem.objects.get(lead_external_id="L-2")
    assert operations.post(address(item), {"value": "sample_order"}).status_code == 302
    assert not Action.objects.filter(lead__external_id="L-2").exists()


def test_a_viewer_fixes_nothing(client: Client, source: Source):
    client.force_login(with_role("Viewer"))
    send(source, lead("L-1", type="sample_ordr"))

    page = client.get(reverse("admin:leads_quarantineditem_change", args=[oldest().pk]))

    assert (client.get(address(oldest())).status_code, "fix" in page.context) == (403, False)


def test_the_list_leads_to_the_fix_of_a_cause_that_one_value_mends(operations: Client, source: Source):
    send(source, lead("L-1", type="sample_ordr"), lead("L-2", attributes=3))

    page = operations.get(reverse("admin:leads_quarantineditem_changelist"))

    fixes = {group["code"]: group["fix"] for group in page.context["groups"]}
    assert fixes == {"unknown_action_type": address(oldest()), "member_invalid": ""}
