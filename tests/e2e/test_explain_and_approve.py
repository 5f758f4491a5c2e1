"""Two everyday tasks with their clicks: a customer asks why it was charged, and a price goes through an approval twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from invoices.models import Invoice
from leads.models import ActionType
from pricing.models import PriceRule
from tests.e2e.clicks import counted
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import a_price, an_open_period, billed, issued, received

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MIDNIGHT = datetime(2026, 10, 14, 4, tzinfo=UTC)  # where the customer is


@pytest.fixture
def invoice(people: dict[str, User]) -> Invoice:
    """Five sample orders at $2.50, three of them on the customer's October 14."""
    a_price("2.50", name="Samples")
    ActionTypeFactory.create(code="sample_order", name="Sample order")
    period = an_open_period(name="Acme Tile", time_zone="America/New_York")
    for hours in (-1, 0, 9, 23, 24):
        received(period, 1, at=MIDNIGHT + timedelta(hours=hours))
    return issued(billed(period), people["finance"])


def test_why_was_i_charged_three_sample_orders_on_the_14th(page: Page, invoice: Invoice) -> None:
    log_in(page, "finance")
    with counted(page) as clicks:
        page.keyboard.press("/")
        page.keyboard.type("Acme Tile")
        page.locator("#search-results").get_by_role("link", name="Acme Tile").first.click()
        page.get_by_label("Invoices", exact=True).get_by_role("link", name=str(invoice.number)).click()
        page.locator(".paper").get_by_role("link", name="Oak veneer").click()
        page.get_by_role("link", name="Oct 14").click()
        expect(page.get_by_role("row", name="October 14, 2026 3 3 sample $7.50 $7.50")).to_be_visible()
        expect(page.locator(".detail-charges tbody tr")).to_have_count(3)
        page.locator(".detail-why").first.click()
        dialog = page.locator("#modal-content #dialog")
        expect(dialog).to_contain_text("Priced by “Samples”")
        expect(dialog).to_contain_text("$2.50")

    assert clicks.count <= 5

    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).first.get_by_role("link", name=str(invoice.number)).click()
    expect(page.locator(".paper")).to_be_visible()


@pytest.fixture
def draft(people: dict[str, User], settings: LazySettings) -> PriceRule:
    """Samples at $2.50, and a draft of $3.00 that operations wrote."""
    settings.FOUR_EYES = True
    kind: ActionType = ActionTypeFactory.create(code="sample_order", name="Sample order")
    made: PriceRule = PriceRuleFactory.create(
        name="Samples", draft=True, action_type=kind, unit_price=Decimal("3.00"), created_by=people["operations"]
    )
    return made


def test_an_approval_is_asked_for_sent_back_asked_for_again_and_given(page: Page, draft: PriceRule) -> None:
    log_in(page, "operations")
    with counted(page) as asking:
        page.get_by_role("link", name="Price rules").first.click()
        page.get_by_role("link", name="Samples", exact=True).click()
        _ask(page, "As agreed in October")
    log_in(page, "colleague")
    with counted(page) as sending_back:
        page.get_by_role("link", name="Approvals").first.click()
        page.locator("#result_list tbody").get_by_role("link").first.click()
        page.get_by_role("link", name="Send back").click()
        page.get_by_label("What should change?").fill("It was $2.90.")
        page.get_by_role("button", name="Send back").click()
        expect(page.get_by_text("Sent back: ")).to_be_visible()
    log_in(page, "operations")
    with counted(page) as asking_again:
        page.get_by_role("link", name="Price rules").first.click()
        page.get_by_role("link", name="Samples", exact=True).click()
        expect(page.get_by_text("It was $2.90.").first).to_be_visible()
        page.get_by_label("Unit price", exact=True).fill("2.90")
        _ask(page, "Corrected")
    log_in(page, "colleague")
    with counted(page) as approving:
        page.get_by_role("link", name="Approvals").first.click()
        page.locator("#result_list tbody").get_by_role("link").first.click()
        page.get_by_role("link", name="Approve").click()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("Approved: Samples")).to_be_visible()

    rule = PriceRule.objects.get()
    assert (rule.state, rule.unit_price) == ("active", Decimal("2.90"))
    assert rule.activated_by is not None
    assert rule.activated_by.username == "colleague"
    taken = [each.count for each in (asking, sending_back, asking_again, approving)]
    assert all(count <= most for count, most in zip(taken, (4, 4, 5, 4), strict=True)), taken


def _ask(page: Page, reason: str) -> None:
    page.get_by_role("button", name="Save and ask for approval").click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()
