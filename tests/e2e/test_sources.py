"""A person follows pages of the guide for eleven kinds of sources: from the mapping to start from to the leads."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from leads.models import Source, SourceMapping
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.leads.guide.page import FOLDER
from tests.leads.guide.page import Page as GuidePage

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def a_source(*types: str) -> Source:
    customer = CustomerFactory.create(code="TERRAZZA", time_zone="America/Chicago")
    for sku in ("TZ-101", "TZ-202"):
        ProductFactory.create(sku=sku, customer=customer)
    for code in types:
        ActionTypeFactory.create(code=code)
    return SourceFactory.create(name="October", customer=customer)


def new_mapping(page: Page, source: Source, guide: GuidePage, sample: str) -> None:
    """Paste a sample, and choose the mapping that the page of the guide names."""
    page.goto("/admin/leads/sourcemapping/add/")
    page.locator("[name=source]").evaluate(
        f"each => {{ each.append(new Option('October', '{source.pk}', true, true)); }}"
    )
    fill_in(page, guide, sample)


def fill_in(page: Page, guide: GuidePage, sample: str) -> None:
    page.locator("[name=name]").fill("As in the guide")
    page.get_by_label("Sample records").fill(sample)
    page.get_by_label("Ready-made mapping").select_option(label=guide.template)


def field(page: Page, name: str, *, block: str = "lead") -> Locator:
    return page.locator(f"[data-block={block}] .mapping-row:has([title='{name}'])")


def test_a_webinar_report_is_imported_as_the_guide_says(
    page: Page, people: dict[str, User], workers: None, tmp_path: Path
) -> None:
    guide = GuidePage(FOLDER / "webinars.md")
    source = a_source("webinar_registration", "webinar_attendance")
    example = guide.block("sample")
    rows = example.text.partition("Attendee Details\n")[2]
    file = tmp_path / example.words[0]
    file.write_text(example.text)
    log_in(page, "operations")
    page.get_by_role("link", name="File imports").click()
    page.get_by_role("link", name="Import file").click()
    page.locator("[name=source]").select_option(label="October")
    page.locator("[name=file]").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("link", name="Or start from a ready-made mapping.").click()

    fill_in(page, guide, rows)
    page.locator("[data-block=lead] .mapping-settings [data-part=zone]").fill("America/Chicago")
    field(page, "id").locator("[data-part=given]").fill("join('-', ['81234567890', Email])")
    field(page, "product.sku").locator("[data-part=given]").fill("TZ-101")
    expect(page.locator("[data-result]")).to_contain_text("3 would be stored")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="As in the guide", exact=True)).to_be_visible()
    assert SourceMapping.objects.get().source == source

    page.get_by_role("link", name="File imports").click()
    page.get_by_role("link", name=file.name).click()
    page.get_by_role("link", name="Dry run").click()
    page.get_by_role("button", name="Start dry run").click()
    expect(page.get_by_text("The dry run is finished.")).to_be_visible()
    page.get_by_role("link", name="check Import").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("All of the file is imported.")).to_be_visible()

    page.goto("/admin/leads/action/")
    expect(page.get_by_text("joined 10/20/2026 09:58:40 AM").first).to_be_visible()


def test_a_newsletter_event_is_tried_with_what_its_webhook_adds(page: Page, people: dict[str, User]) -> None:
    guide = GuidePage(FOLDER / "newsletters.md")
    source = a_source("link_clicked")
    log_in(page, "operations")

    new_mapping(page, source, guide, guide.block("sample").text)
    expect(page.locator("[data-result]")).to_contain_text("1 would be stored")
    expect(page.locator("[data-places]")).to_contain_text("link_clicked")
    expect(page.locator("[name=door]")).to_have_value("standard")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("link", name="As in the guide", exact=True)).to_be_visible()


def test_badge_scans_fit_once_their_interest_is_mapped(page: Page, people: dict[str, User]) -> None:
    guide = GuidePage(FOLDER / "trade-shows.md")
    source = a_source("badge_scan", "sample_order")
    log_in(page, "operations")

    new_mapping(page, source, guide, guide.block("sample").text)
    page.locator("[data-block=lead] .mapping-settings [data-part=zone]").fill("Europe/Berlin")
    field(page, "product.sku").locator("[data-part=values]").fill("Terrazzo = TZ-101\nMarble = TZ-202")
    for place in range(2):
        row = page.locator("[data-block=action]").nth(place).locator(".mapping-row:has([title=occurred_at])")
        row.get_by_role("button", name="Options").click()
        row.locator("[data-part=format]").select_option("date:day_first")

    expect(page.locator("[data-result]")).to_contain_text("3 would be stored")
