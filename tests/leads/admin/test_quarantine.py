"""The quarantine pages: groups by source and code, highlighted faults, bulk retry and discard, conflicts."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.admin.quarantine.bulk_retries import RETRIED_HERE
from leads.admin.quarantine.fault_places import marked
from leads.domain.intake.receive import receive
from leads.domain.quarantine.bulk_retry import NothingToRetry, start_retry
from leads.models import Action, BulkRetry, Lead, QuarantinedItem, Source
from leads.tasks import retry_task
from tests.factories.leads import ActionTypeFactory, ProductFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer__code="ACME")
    return SourceFactory.create(name="Fair")


def send(source: Source, *leads: dict[str, Any]) -> None:
    receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=NOW)


def lead(name: str, sku: str, **action: Any) -> dict[str, Any]:
    did = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z", "quantity": 1} | action
    return {"id": name, "product": {"sku": sku}, "actions": [did]}


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def faults(lines: Any) -> list[str]:
    return [line.text.strip() for line in lines if line.is_fault]


CONTENT = {"id": 1, "contact": {"email": 3, "a/b": []}, "actions": [{"id": "A-1", "quantity": -1}]}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/contact/email", ['"email": 3,']),
        ("/contact/a~1b", ['"a/b": []']),
        ("/actions/0/quantity", ['"quantity": -1']),
        ("/actions/0", ["{", '"id": "A-1",', '"quantity": -1', "}"]),
        ("/product", ['"product" is missing']),
        ("/contact/phone", ['"phone" is missing']),
        ("/nothing/here", []),
        ("/", []),
        ("", []),
    ],
)
def test_the_line_that_the_pointer_means_is_marked(pointer: str, expected: list[str]):
    lines = marked(CONTENT, pointer)
    assert faults(lines) == expected
    assert json.loads("\n".join(line.text for line in lines if "is missing" not in line.text)) == CONTENT


def test_waiting_items_are_shown_by_source_and_code_the_most_first(operations: Client, source: Source):
    send(source, lead("L-1", "NEW"), lead("L-2", "NEW"), lead("L-3", "TILE", quantity=-1))
    QuarantinedItemFactory.create(state="repaired", settled_at=NOW)

    response = operations.get(reverse("admin:leads_quarantineditem_changelist"))

    groups = response.context["groups"]
    told = [(one["source_name"], one["code"], one["count"], one["actions"]) for one in groups]
    assert told == [("Fair", "unknown_product", 2, 2), ("Fair", "quantity_invalid", 1, 1)]
    of_group = operations.get(groups[0]["these"]).context["cl"].result_list
    assert {item.content["id"] for item in of_group} == {"L-1", "L-2"}


def test_what_waits_for_its_lead_needs_nobody_and_is_found_by_the_filter(operations: Client, source: Source):
    send(source, lead("L-1", "NEW"), {"id": "L-2", "actions": []}, lead("L-3", "TILE", void={"reason": "Canceled"}))
    early = QuarantinedItem.objects.get(code="product_missing")
    address = reverse("admin:leads_quarantineditem_changelist")

    pages = {state: operations.get(address, {"state": state}) for state in ("", "for_another", "unsettled")}
    page = operations.get(reverse("admin:leads_quarantineditem_change", args=[early.pk]))

    shown = {state: sorted(item.code for item in each.context["cl"].result_list) for state, each in pages.items()}
    others = ["member_unknown", "unknown_product"]
    assert shown == {"": others, "for_another": ["product_missing"], "unsettled": sorted(["product_missing", *others])}
    assert sorted(group["code"] for group in pages[""].context["groups"]) == others
    assert "Waiting for its lead" in pages["for_another"].content.decode()
    assert "this item is stored by itself" in page.content.decode()
    with pytest.raises(NothingToRetry):
        start_retry(source, code="product_missing", by=None, at=NOW)


def retry_all(client: Client, source: Source, code: str) -> Any:
    return client.post(
        reverse("admin:leads_quarantineditem_retry_all"), {"source": source.pk, "code": code}, follow=True
    )


def test_a_few_are_retried_while_one_waits(operations: Client, source: Source):
    send(source, lead("L-1", "NEW"), lead("L-2", "NEW"), lead("L-3", "GONE"))
    ProductFactory.create(sku="NEW")

    response = retry_all(operations, source, "unknown_product")

    assert told(response) == ["Stored: 2. Refused again: 1."]
    assert [item.content["id"] for item in QuarantinedItem.objects.waiting()] == ["L-3"]
    assert Action.objects.count() == 2


def test_many_are_retried_by_the_workers_and_the_page_shows_progress(operations: Client, source: Source):
    many = RETRIED_HERE + 1
    send(source, *(lead(f"L-{number}", "NEW") for number in range(many)))
    ProductFactory.create(sku="NEW")

    begun = retry_all(operations, source, "unknown_product")
    retry = BulkRetry.objects.get()
    retry_task(item_id=retry.pk)
    finished = operations.get(reverse("admin:leads_bulkretry_change", args=[retry.pk]))

    assert begun.redirect_chain[-1][0] == reverse("admin:leads_bulkretry_change", args=[retry.pk])
    assert ("every 2s" in begun.content.decode(), "every 2s" in finished.content.decode()) == (True, False)
    assert f"Retried {many} items" in finished.content.decode()
    assert Lead.objects.count() == many


def test_a_retry_without_waiting_items_is_refused(operations: Client, source: Source):
    response = retry_all(operations, source, "unknown_product")
    assert told(response) == ["No items of this source are waiting with this code."]
    assert not BulkRetry.objects.exists()


def test_a_viewer_retries_and_discards_nothing(client: Client, source: Source):
    client.force_login(with_role("Viewer"))
    send(source, lead("L-1", "TILE", quantity=-1))
    item = QuarantinedItem.objects.get()

    answers = [
        retry_all(client, source, "quantity_invalid"),
        client.post(reverse("admin:leads_quarantineditem_take_the_new", args=[item.pk]), {"reason": "x"}),
        client.post(reverse("admin:leads_quarantineditem_keep_stored", args=[item.pk]), {"reason": "x"}),
    ]
    discard_selected(client, [item], reason="x")

    assert [answer.status_code for answer in answers] == [403] * 3
    assert QuarantinedItem.objects.waiting().count() == 1
    assert "Retry all" not in client.get(reverse("admin:leads_quarantineditem_changelist")).content.decode()


def discard_selected(client: Client, items: list[QuarantinedItem], **answers: str) -> Any:
    selected = {"action": "discard_selected", "_selected_action": [item.pk for item in items]}
    return client.post(reverse("admin:leads_quarantineditem_changelist"), selected | answers, follow=True)


def test_many_are_discarded_for_one_reason_which_is_asked_first(operations: Client):
    items = [QuarantinedItemFactory.create(), QuarantinedItemFactory.create()]

    asked = discard_selected(operations, items)
    assert (QuarantinedItem.objects.waiting().count(), "Discard 2 items?" in asked.content.decode()) == (2, True)
    response = discard_selected(operations, items, reason="Load test")

    assert told(response) == ["Discarded: 2"]
    assert set(QuarantinedItem.objects.values_list("state", "settled_note")) == {("discarded", "Load test")}


def test_an_item_still_refused_is_shown_with_the_new_place_marked(operations: Client, source: Source):
    send(source, lead("L-1", "NEW"))
    item = QuarantinedItem.objects.get()
    mended = json.dumps(lead("L-1", "TILE") | {"contact": {"email": 5}})

    address = reverse("admin:leads_quarantineditem_retry", args=[item.pk])
    seen = operations.post(address, {"content": mended}).context["seen"]
    response = operations.post(address, {"content": mended, "seen": seen}, follow=True)

    assert (response.context["pointer"], faults(response.context["lines"])) == ("/contact/email", ['"email": 5'])
    assert json.loads(response.context["form"]["content"].value())["contact"] == {"email": 5}
    page = operations.get(reverse("admin:leads_quarantineditem_change", args=[item.pk]))
    assert [step["what"] for step in page.context["steps"]] == ["Retried and refused again"]
    assert not Lead.objects.exists()


@pytest.fixture
def conflict(source: Source) -> QuarantinedItem:
    send(source, lead("L-1", "TILE", quantity=1))
    send(source, lead("L-1", "TILE", quantity=3))
    return QuarantinedItem.objects.get()


def buttons(client: Client, item: QuarantinedItem) -> list[str]:
    response = client.get(reverse("admin:leads_quarantineditem_change", args=[item.pk]))
    return [button["title"] for button in response.context["actions_detail"]]


def test_a_conflict_is_settled_either_way_with_a_reason(operations: Client, conflict: QuarantinedItem):
    assert buttons(operations, conflict) == ["Use the new version", "Keep the stored version"]
    address = reverse("admin:leads_quarantineditem_take_the_new", args=[conflict.pk])

    unexplained = operations.post(address, {"reason": " "})
    operations.post(address, {"reason": "Counted again"})

    assert unexplained.context["form"].errors == {"reason": ["This field is required."]}
    assert Action.objects.get().quantity == 3
    shown = operations.get(reverse("admin:leads_quarantineditem_change", args=[conflict.pk])).content.decode()
    assert ("Counted again" in shown, "quantity: 1 → 3" in shown) == (True, True)
    assert buttons(operations, conflict) == []


def test_the_page_of_the_action_shows_what_was_changed_and_why(operations: Client, conflict: QuarantinedItem):
    operations.post(
        reverse("admin:leads_quarantineditem_take_the_new", args=[conflict.pk]), {"reason": "Counted again"}
    )

    shown = operations.get(reverse("admin:leads_action_change", args=[Action.objects.get().pk])).content.decode()

    assert ("Counted again" in shown, "quantity: 1 → 3" in shown) == (True, True)


def test_where_the_stored_one_is_billed_only_keeping_it_is_offered(operations: Client, conflict: QuarantinedItem):
    period = Action.objects.get().period
    period.state, period.closed_at = "closed", NOW
    period.save()

    assert buttons(operations, conflict) == ["Keep the stored version"]


def test_a_lead_in_conflict_is_shown_beside_what_is_stored(operations: Client, source: Source):
    send(source, {"id": "L-1", "product": {"sku": "TILE"}, "contact": {"email": "ann@studio.example"}})
    send(source, {"id": "L-1", "product": {"sku": "TILE"}, "contact": {"email": "eva@studio.example"}})
    item = QuarantinedItem.objects.get()

    response = operations.get(reverse("admin:leads_quarantineditem_change", args=[item.pk]))

    differing = [(row.name, row.stored, row.sent) for row in response.context["differences"] if row.differs]
    assert differing == [("email", "ann@studio.example", "eva@studio.example")]
