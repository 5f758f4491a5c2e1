"""Lists at common widths: at 150% on a laptop screen they stay lists, and the important columns stay visible."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from leads.models import BillingPeriod
from tests.e2e.conftest import log_in
from tests.factories.leads import BillingPeriodFactory, CustomerFactory, LeadFactory, ProductFactory
from tests.factories.pricing import UnratedActionFactory
from tests.invoices.made import a_draft, a_price, billed, received

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Gesellschaft für nachhaltige Oberflächen und keramische Bautechnik {} GmbH & Co. KG"
# The last important column must be visible on every screen.
LISTS = {
    "pricing_charge": "shown_outcome",
    "leads_action": "priced",
    "leads_lead": "received",
    "leads_customer": "products",
    "pricing_unratedaction": "shown_quantity",
    "invoices_invoice": "shown_total",
    "leads_billingperiod": "tally_amount",
}


def a_company_with_long_names() -> BillingPeriod:
    a_price("1234.50", name="Sample orders by the contract of the nineteenth of November")
    customer = CustomerFactory.create(name=LONG.format("Nord"), code="NORD")
    period = BillingPeriodFactory.create(customer=customer)
    ProductFactory.create(customer=customer, name="Oak", sku="OAK")
    received(period, 3, 4, product="Oak", external_id="L-2026-10-00496", email="a.very.long.address@studio.example")
    billed(period)
    a_draft(2, name=LONG.format("Süd"), code="SUED")
    waiting = BillingPeriodFactory.create(customer=CustomerFactory.create(name=LONG.format("West"), code="WEST"))
    UnratedActionFactory.create(
        action__period=waiting, action__lead=LeadFactory.create(product__customer=waiting.customer)
    )
    return period


@pytest.mark.parametrize("width", [1280, 853, 800])
def test_a_list_stays_a_list_and_shows_what_it_is_looked_at_for(
    page: Page, people: dict[str, User], width: int
) -> None:
    a_company_with_long_names()
    page.set_viewport_size({"width": width, "height": 800})
    log_in(page, "finance")

    for name, column in LISTS.items():
        page.goto(reverse(f"admin:{name}_changelist"))
        page.evaluate("document.fonts.ready")  # before, another font may break names into more lines
        row = page.locator("#result_list tr.data-row").first
        assert row.evaluate("row => getComputedStyle(row).display") == "table-row", name
        box = row.locator(f".field-{column}").bounding_box()
        assert box is not None, name
        assert box["x"] + box["width"] <= width, f"{name} at {width}: {box}"
        assert row.bounding_box()["height"] < 100, name  # type: ignore[index]  # it is there: it was just looked at
    page.goto(reverse("admin:invoices_invoice_changelist"))
    names = page.locator(".field-shown_customer .lb-short").all_inner_texts()
    assert sorted(names) == ["Gesellschaft für … Nord GmbH & Co. KG", "Gesellschaft für … Süd GmbH & Co. KG"]


def test_the_next_step_is_in_sight_on_a_narrow_screen_and_the_others_are_behind_a_named_button(
    page: Page, people: dict[str, User]
) -> None:
    invoice = a_draft()
    page.set_viewport_size({"width": 853, "height": 533})
    log_in(page, "finance")
    page.goto(reverse("admin:invoices_invoice_change", args=[invoice.pk]))
    buttons = page.locator(".lb-actions")

    expect(buttons.get_by_role("link", name="Approve")).to_be_visible()
    expect(buttons.get_by_role("link", name="Adjust")).to_be_hidden()
    buttons.get_by_role("button", name="More").click()
    expect(buttons.get_by_role("link", name="Adjust")).to_be_visible()
    page.keyboard.press("Escape")
    expect(buttons.get_by_role("link", name="Adjust")).to_be_hidden()


def test_the_search_is_walked_through_with_the_keys(page: Page, people: dict[str, User]) -> None:
    CustomerFactory.create(name="Terrazza Stoneworks", code="TERRAZZA")
    log_in(page, "finance")

    page.keyboard.press("t")
    page.keyboard.type("terra")
    results = page.locator("#search-results")
    expect(results.get_by_role("link", name="Terrazza Stoneworks TERRAZZA")).to_be_visible()
    page.keyboard.press("Escape")
    expect(results).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("nowhere")
    expect(results).to_contain_text("Nothing found for “nowhere”.")
    page.locator("#nav-filter").fill("terrazza")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/leads/customer/"))


def test_columns_are_chosen_in_a_window_kept_and_exported(page: Page, people: dict[str, User]) -> None:
    a_company_with_long_names()
    log_in(page, "finance")
    page.goto(f"{reverse('admin:pricing_charge_changelist')}?q=L-2026")

    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Rule", exact=True).uncheck()
    page.get_by_label("Product", exact=True).check()
    page.get_by_role("button", name="Show").click()

    heads = page.locator("#result_list thead th:not(.action-checkbox-column)")
    expect(heads.filter(has_text="Product")).to_be_visible()
    expect(heads.filter(has_text="Rule")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"q=L-2026"))
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("^download Export|Export")).last.click()
    head, *rows = Path(started.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("Action,Lead,Occurred,Quantity,Customer,Period,Amount,Product")
    assert len(rows) == page.locator("#result_list tr.data-row").count() + 1


def test_the_days_of_a_list_are_chosen_in_a_calendar(page: Page, people: dict[str, User]) -> None:
    period = a_company_with_long_names()
    log_in(page, "finance")
    page.goto(reverse("admin:pricing_charge_changelist"))

    page.locator('a:has-text("Filters")').first.click()
    page.get_by_role("textbox", name="From", exact=True).fill("2026-10-01")
    page.get_by_role("textbox", name="To", exact=True).fill(
        period.actions.latest("occurred_at").occurred_at.date().isoformat()
    )
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#result_list tr.data-row")).to_have_count(3)
    page.goto(f"{reverse('admin:pricing_charge_changelist')}?occurred_from=2026-10-01&occurred_to=2026-10-01")
    expect(page.locator(".lb-empty")).to_contain_text("No charges match these filters.")
