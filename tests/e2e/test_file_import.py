"""A person who never saw the product imports a file of another country at the first try, and finds a lead."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from leads.models import Action
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

GERMAN = (
    "Lead ID;Mail;Firma;SKU;Datum\n"
    "1;jürgen@example.com;Müller GmbH;TILE;03.04.2026 09:00\n"
    "2;eva@example.com;Groß;NONE;05.06.2026 10:00\n"
)


def test_a_first_file_is_imported_rightly_at_the_first_try(
    page: Page, people: dict[str, User], workers: None, tmp_path: Path
) -> None:
    customer = CustomerFactory.create(code="ACME", time_zone="Europe/Vienna")
    ProductFactory.create(sku="TILE", customer=customer)
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    SourceFactory.create(name="Fair", customer=customer)
    file = tmp_path / "messe.csv"
    file.write_bytes(GERMAN.encode("latin-1"))
    log_in(page, "operations")

    page.get_by_role("link", name="File imports").click()
    page.get_by_role("link", name="Import file").click()
    page.locator("[name=source]").select_option(label="Fair")
    page.locator("[name=file]").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.get_by_text("Fair has no mapping for files yet.")).to_be_visible()
    expect(page.get_by_text("Müller GmbH").first).to_be_visible()
    page.get_by_role("link", name="Map columns").click()
    expect(page.locator("[name=id]")).to_have_value("column:Lead ID")
    page.locator("[name='contact.firm']").select_option(label="Firma")
    page.locator("[name='action.type']").select_option(label="Sample order")
    page.locator("[name='action.occurred_at']").select_option(label="Datum")
    page.get_by_role("button", name="Save mapping").click()

    expect(page.get_by_text("The dates in “Datum” can't be read without you.")).to_be_visible()
    page.get_by_role("link", name="help Answer").click()
    page.get_by_label("April 3, 2026 (day first)").check()
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_role("link", name="Dry run").click()
    page.get_by_role("button", name="Start dry run").click()
    expect(page.get_by_text("The dry run is finished.")).to_be_visible()
    expect(page.get_by_text("No product of Acme has the SKU 'NONE'.")).to_be_visible()
    page.get_by_role("link", name="check Import").click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("All of the file is imported.")).to_be_visible()

    assert [f"{action.occurred_at:%Y-%m-%d %H:%M}" for action in Action.objects.all()] == ["2026-04-03 07:00"]
    page.goto("/admin/leads/lead/")
    expect(page.get_by_text("Müller GmbH").first).to_be_visible()
