"""A price for next month in a real browser: drafted, tried, simulated, blocked by a price check, corrected, requested,
approved by a second person, and explained by a charge."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.models import Action
from pricing.models import Charge, PriceRule
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory, SourceFactory
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

UTC_ZONE = ZoneInfo("UTC")
THIS_MONTH = Month.containing(datetime.now(tz=UTC), UTC_ZONE)
LAST_MONTH, NEXT_MONTH = THIS_MONTH.previous(), THIS_MONTH.next()


def order(like: Action | None = None, *, month: Month) -> Action:
    """Two samples ordered on the tenth of the month, waiting to be rated."""
    begin = month.span(UTC_ZONE).start
    lead = LeadFactory.create(
        product__sku="TILE-9",
        product__name="Zellige",
        product__customer__name="Acme Tile",
        source=SourceFactory.create(name="Autumn fair"),
    )
    lead = like.lead if like else lead
    kind = like.action_type if like else ActionTypeFactory.create(code="sample_order", name="Sample order")
    customer = lead.product.customer
    action = ActionFactory.create(
        lead=lead,
        action_type=kind,
        period=BillingPeriodFactory.create(customer=customer, month=month),
        occurred_at=begin + timedelta(days=9, hours=12),
        quantity=2,
    )
    mark_unrated([action.period], reason="intake")
    return action


@pytest.fixture
def ordered(people: dict[str, User], settings: LazySettings) -> Action:
    """Samples cost $2.50, two were ordered last month, and from next month on they should cost $3.00."""
    settings.FOUR_EYES = True
    action = order(month=LAST_MONTH)
    PriceRuleFactory.create(name="Samples", action_type=action.action_type, unit_price=Decimal("2.50"))
    PriceCheckFactory.create(
        name="A sample of Acme's, as agreed",
        product=action.lead.product,
        action_type=action.action_type,
        expected=Decimal(3),
        occurs_on=NEXT_MONTH.span(UTC_ZONE).start.date(),
    )
    return action


def amounts() -> dict[int, Decimal]:
    return dict(Charge.objects.values_list("action", "amount"))


def draft_page(page: Page) -> None:
    page.goto(f"/admin/pricing/pricerule/{PriceRule.objects.get(state='draft').pk}/change/")


def test_a_price_for_next_month_is_seen_beforehand_and_moves_nothing_that_is_billed(
    page: Page, ordered: Action, workers: None
) -> None:
    until(lambda: amounts() == {ordered.pk: 5})

    log_in(page, "operations")
    _draft_a_price_with_a_slip_of_the_finger(page)
    _simulate_it_on_last_month(page, then="$60.00", difference="+$55.00")
    log_in(page, "colleague")
    _fail_the_price_check(page)
    log_in(page, "operations")
    _correct_it(page)
    _simulate_it_on_last_month(page, then="$6.00", difference="+$1.00")
    _ask_for_approval(page)
    log_in(page, "colleague")
    _approve_it(page)

    later = order(ordered, month=NEXT_MONTH)
    until(lambda: amounts() == {ordered.pk: 5, later.pk: 6})
    _see_it_explained(page, later)


def _draft_a_price_with_a_slip_of_the_finger(page: Page) -> None:
    page.get_by_role("link", name="Price rules").first.click()
    page.get_by_role("link", name="Samples", exact=True).click()
    page.get_by_role("link", name="Revise").click()
    first_day = NEXT_MONTH.span(UTC_ZONE).start.date().isoformat()
    expect(page.get_by_label("From day")).to_have_value(first_day)
    page.get_by_role("button", name="Create draft").click()
    page.get_by_label("Unit price", exact=True).fill("30")
    tried = page.locator("[data-part=tried]")
    expect(tried).to_contain_text("$30.00 by this rule")
    page.locator("[name=try-quantity]").fill("2")
    expect(tried).to_contain_text("$60.00 by this rule")
    expect(page.get_by_role("row", name="100 $250.00 $3,000.00 +$2,750.00")).to_be_visible()
    expect(page.get_by_text("10 units cost 1,100% more ($25.00 → $300.00)")).to_be_visible()


def _simulate_it_on_last_month(page: Page, *, then: str, difference: str) -> None:
    page.get_by_role("button", name="Save and simulate").click()
    expect(page.locator(".sim[data-finished]")).to_be_visible()  # the page reloads itself when it is
    total = page.locator(".sim-total")
    expect(total).to_contain_text(difference)
    expect(total).to_contain_text("$5.00")
    expect(total).to_contain_text(then)
    assert set(amounts().values()) == {5}
    draft_page(page)


def _fail_the_price_check(page: Page) -> None:
    draft_page(page)
    page.get_by_role("button", name="Save and activate").click()
    with page.expect_response("**/activate_rule/"):
        page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("“A sample of Acme's, as agreed”").first).to_be_visible()
    assert PriceRule.objects.get(unit_price=30).state == "draft"


def _correct_it(page: Page) -> None:
    draft_page(page)
    expect(page.get_by_text("breaks: $3.00 agreed, would be $30.00 for TILE-9 from Autumn fair")).to_be_visible()
    page.get_by_label("Unit price", exact=True).fill("3")
    expect(page.get_by_text("1 price check holds.")).to_be_visible()


def _ask_for_approval(page: Page) -> None:
    expect(page.get_by_role("button", name="Save and activate")).to_have_count(0)
    page.get_by_role("button", name="Save and ask for approval").click()
    page.get_by_label("Reason").fill("Agreed with Acme on the phone")
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    assert PriceRule.objects.get(unit_price=3).state == "draft"


def _approve_it(page: Page) -> None:
    expect(page.get_by_role("link", name="Approvals 1")).to_be_visible()
    page.get_by_role("link", name="for your approval").click()
    page.locator("#result_list tbody").get_by_role("link").first.click()
    expect(page.get_by_role("row", name="Price $2.50 each $3.00 each")).to_be_visible()
    expect(page.get_by_role("row", name="Acme Tile $5.00 $6.00 +$1.00")).to_be_visible()
    expect(page.get_by_text("Agreed with Acme on the phone").first).to_be_visible()
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved: Samples")).to_be_visible()
    draft = PriceRule.objects.get(unit_price=3)
    page.goto(f"/admin/pricing/pricerule/{draft.pk}/change/")
    expect(page.get_by_role("link", name="Revise")).to_be_visible()
    revision = PriceRule.objects.get(unit_price=3)
    assert (revision.state, revision.activated_by.username if revision.activated_by else "") == ("active", "colleague")
    history = page.locator(".lb-panel", has=page.get_by_role("heading", name="Deeds"))
    expect(history).to_contain_text("colleague")
    expect(history).to_contain_text("$30.00 each")


def _see_it_explained(page: Page, later: Action) -> None:
    page.goto(f"/admin/pricing/charge/{later.pk}/change/")
    expect(page.get_by_text("Priced by “Samples”")).to_be_visible()
    expect(page.get_by_text("2 × $3.00 = $6.00.")).to_be_visible()
