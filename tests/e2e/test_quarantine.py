"""Operations handle keys and quarantine in a real browser: see a fault, fix it, retry it."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from leads.admin.quarantine.bulk_retries import RETRIED_HERE
from leads.models import Action, ApiKey, BulkRetry, Lead, QuarantinedItem
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.processes import empty_broker, until

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(people: dict[str, User]) -> None:
    empty_broker()  # requests are counted there
    ProductFactory.create(sku="TILE-9", name="Zellige", customer=CustomerFactory.create(code="ACME", name="Acme Tile"))
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    SourceFactory.create(code="fair", name="Autumn fair")


def send(live_server: LiveServer, key: str, leads: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"{live_server.url}/api/v1/deliveries", json.dumps(leads).encode(), headers)
    try:
        with urlopen(request) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)


def lead(name: str, sku: str, **action: Any) -> dict[str, Any]:
    did = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z", "quantity": 2} | action
    return {"id": name, "product": {"sku": sku, "customer": "ACME"}, "actions": [did]}


def open_source(page: Page) -> None:
    page.goto("/admin/leads/source/")
    page.get_by_role("link", name="Autumn fair").click()


def make_a_key(page: Page) -> str:
    page.get_by_role("link", name="New API key").click()
    page.get_by_role("button", name="Create key").click()
    shown = page.get_by_label("API key", exact=True)
    expect(shown).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    whole = shown.input_value()
    page.get_by_role("link", name="Done").click()
    expect(shown).to_have_count(0)
    return whole


def test_a_key_is_made_used_rotated_and_revoked(page: Page, company: None, live_server: LiveServer):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page, "operations")
    open_source(page)
    old = make_a_key(page)
    assert page.evaluate("navigator.clipboard.readText()") == old
    assert send(live_server, old, lead("L-1", "TILE-9"))[0] == 202

    open_source(page)
    expect(page.locator(".lb-chip").get_by_text("Active")).to_be_visible()
    assert old not in page.content()
    page.get_by_role("link", name="Rotate").click()
    page.get_by_role("button", name="Create new key").click()
    expect(page.get_by_text("stays valid until")).to_be_visible()
    new = page.get_by_label("API key", exact=True).input_value()
    assert [send(live_server, key, lead("L-1", "TILE-9"))[0] for key in (old, new)] == [202, 202]

    open_source(page)
    expect(page.get_by_text("Expires in 7 days")).to_be_visible()
    page.get_by_role("row").filter(has_text="Expires in").get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("is revoked.")).to_be_visible()
    assert [send(live_server, key, lead("L-1", "TILE-9"))[0] for key in (old, new)] == [401, 202]
    assert ApiKey.objects.filter(last_used_at=None).count() == 0


def test_a_fault_is_seen_fixed_and_retried(page: Page, company: None, live_server: LiveServer):
    log_in(page, "operations")
    open_source(page)
    key = make_a_key(page)
    status, receipt = send(live_server, key, [lead("L-1", "TILE-9", quantity=-4)])
    assert (status, receipt["results"][0]["actions"][0]["code"]) == (202, "quantity_invalid")

    page.goto("/admin/leads/quarantineditem/")
    expect(page.get_by_role("heading", name="Waiting items")).to_be_visible()
    page.locator("#result_list tbody a").first.click()
    expect(page.locator(".lb-fault")).to_have_text('      "quantity": -4,')

    page.get_by_role("link", name="Raw JSON").click()
    box = page.get_by_role("textbox", name="The item as JSON")
    box.fill(box.input_value().replace('"quantity": -4', '"quantity": "many"'))
    page.get_by_role("button", name="Retry").click()
    page.get_by_role("button", name="Confirm and retry").click()
    expect(page.get_by_text("Still refused. Nothing was changed.")).to_be_visible()
    expect(page.locator(".lb-fault")).to_have_text('      "quantity": "many",')

    box = page.get_by_role("textbox", name="The item as JSON")
    box.fill(box.input_value().replace('"many"', "4"))
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="Check what you changed, then confirm")).to_be_visible()
    page.get_by_role("button", name="Confirm and retry").click()
    expect(page.get_by_text("Lead L-1 updated. Actions: 1 created.")).to_be_visible()
    expect(page.get_by_text("Retried and refused again")).to_be_visible()
    assert Action.objects.get().quantity == 4

    page.goto("/admin/leads/quarantineditem/")
    expect(page.get_by_role("heading", name="Waiting items")).to_have_count(0)
    expect(page.locator("#result_list tbody a")).to_have_count(0)


def test_once_the_product_is_added_all_that_waited_for_it_goes_in(page: Page, company: None, live_server: LiveServer):
    log_in(page, "operations")
    open_source(page)
    key = make_a_key(page)
    send(live_server, key, [lead(f"L-{number}", "SLAB-2") for number in range(3)])

    page.goto("/admin/leads/product/add/")
    _choose_customer(page)
    page.get_by_label("SKU").fill("SLAB-2")
    page.get_by_label("Name").fill("Slab")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/leads/quarantineditem/")
    page.get_by_role("button", name="Retry all of Autumn fair with unknown_product").click()

    expect(page.get_by_text("Stored: 3. Refused again: 0.")).to_be_visible()
    assert (Lead.objects.count(), Action.objects.count(), QuarantinedItem.objects.waiting().count()) == (3, 3, 0)


def test_many_are_retried_by_the_workers_while_the_page_shows_progress(
    page: Page, company: None, live_server: LiveServer, workers: None
):
    many = RETRIED_HERE + 20
    log_in(page, "operations")
    open_source(page)
    key = make_a_key(page)
    send(live_server, key, [lead(f"L-{number}", "SLAB-2") for number in range(many)])
    ProductFactory.create(sku="SLAB-2", customer__code="OTHER")
    page.goto("/admin/leads/quarantineditem/")
    page.get_by_role("button", name="Retry all").first.click()
    expect(page.get_by_text(f"Retried {many} items")).to_be_visible()

    until(lambda: BulkRetry.objects.filter(refused=many, finished_at__isnull=False).exists())
    assert QuarantinedItem.objects.waiting().count() == many


def _choose_customer(page: Page) -> None:
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").last.fill("Acme")
    page.get_by_role("option", name="Acme Tile").click()
