"""A spreadsheet of price rules in a real browser: uploaded, checked by a worker, corrected, and applied."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from pricing.models import PriceRule
from tests.e2e.conftest import log_in
from tests.pricing.admin.test_rule_sheets import as_csv, row

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def upload(page: Page, name: str, content: bytes) -> None:
    page.goto("/admin/pricing/pricerule/")
    page.get_by_role("link", name="upload Import").click()
    page.locator("[name=sheet]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Dry run").click()


def test_a_file_is_checked_and_applied_by_a_worker_while_the_page_follows(
    page: Page, people: dict[str, User], workers: None
) -> None:
    log_in(page, "operations")

    upload(page, "wrong.csv", as_csv([row(), row(currency="USX")]))
    expect(page.get_by_text("Fix 1 row and upload the file again.")).to_be_visible()
    expect(page.get_by_text("USX is not an ISO 4217 currency code, such as USD.")).to_be_visible()

    upload(page, "right.csv", as_csv([row(name=f"Rule {number}", priority=number) for number in range(3)]))
    expect(page.get_by_text("3 drafts to create")).to_be_visible()
    page.get_by_role("link", name="check Apply").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("3 drafts created.")).to_be_visible()
    page.get_by_role("link", name="Rule 2", exact=True).click()
    expect(page.get_by_role("button", name="Save draft")).to_be_visible()

    assert list(PriceRule.objects.values_list("state", "created_by")) == [("draft", people["operations"].pk)] * 3
