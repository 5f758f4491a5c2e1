"""What operations do most often, with their clicks counted: fix a cause in quarantine, and find a lead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from leads.domain.intake.receive import receive
from leads.models import Action, QuarantinedItem, QuarantineStep, Source
from tests.e2e.clicks import at_most
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, LeadFactory, ProductFactory, SourceFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RECEIVED = datetime(2026, 11, 2, 9, 58, tzinfo=UTC)


@pytest.fixture
def source(people: dict[str, User]) -> Source:
    terrazza = CustomerFactory.create(code="TERRAZZA", name="Terrazza Stoneworks", time_zone="America/New_York")
    ProductFactory.create(sku="TZ-101", name="Zellige", customer=terrazza)
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    ActionTypeFactory.create(code="page_view", name="Page view")
    return SourceFactory.create(code="studio-events", name="Studio events")


def lead(number: int, sku: str = "TZ-101", **action: Any) -> dict[str, Any]:
    did = {"id": "A-1", "type": "sample_ordr", "occurred_at": f"2026-10-30T16:{number:02}:00-04:00"} | action
    return {"id": f"EXPO-{number}", "product": {"sku": sku, "customer": "TERRAZZA"}, "actions": [did]}


def send(source: Source, *leads: dict[str, Any]) -> None:
    receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=RECEIVED)


def test_a_cause_in_quarantine_is_mended_for_forty_items(page: Page, source: Source) -> None:
    send(source, *(lead(number) for number in range(40)), lead(41, type="sampel"))
    log_in(page, "operations")
    page.goto("/admin/leads/quarantineditem/")

    with at_most(page, 3):
        page.get_by_role("link", name="Fix unknown_action_type of Studio events").click()
        page.get_by_role("button", name="sample_order").click()
        expect(page.get_by_role("region", name="Preview")).to_contain_text("Will be stored")
        page.get_by_role("button", name="Fix and retry 40 items").click()
        expect(page.get_by_text("Stored: 40. Refused again: 0.")).to_be_visible()

    assert Action.objects.filter(action_type__code="sample_order").count() == 40
    assert set(QuarantineStep.objects.values_list("by__username", "kind")) == {("operations", "repaired")}
    assert [item.lead_external_id for item in QuarantinedItem.objects.waiting()] == ["EXPO-41"]


def test_a_product_is_picked_for_one_item_on_its_page(page: Page, source: Source) -> None:
    send(source, lead(1, sku="TZ-1O1", type="sample_order"), lead(2, sku="TZ-1O1", type="sample_order"))
    item = QuarantinedItem.objects.order_by("pk")[0]
    log_in(page, "operations")
    page.goto(f"/admin/leads/quarantineditem/{item.pk}/change/")

    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").last.fill("Zell")
    page.get_by_role("option", name="Zellige").click()
    page.get_by_label("Only this one").check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Fix and retry this item").click()

    expect(page.get_by_text("Lead EXPO-1 created. Actions: 1 created.")).to_be_visible()
    assert QuarantinedItem.objects.waiting().count() == 1


def test_a_lead_is_found_by_half_an_email_address(page: Page, source: Source) -> None:
    for name in ("june.ito", "june.itzel", "mara"):
        email = f"{name}@atelier.example"
        LeadFactory.create(external_id=f"L-{name}", email=email, person_key=email)
    log_in(page, "operations")

    with at_most(page, 1):
        page.keyboard.press("t")
        page.keyboard.type("june.ito")
        page.locator("#search-results").get_by_role("link", name="L-june.ito").click()
        expect(page.get_by_role("heading", name="L-june.ito")).to_be_visible()
