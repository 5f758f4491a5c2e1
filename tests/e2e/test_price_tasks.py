"""Three tasks with prices in a real browser, their clicks counted: next month's price, a check that blocks, +5%."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import ApprovalRequest
from leads.domain.periods import mark_unrated
from pricing.models import Charge, PriceRule, Simulation
from tests.e2e.clicks import at_most
from tests.e2e.conftest import log_in
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    SourceFactory,
)
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

NEW_YORK = ZoneInfo("America/New_York")
THIS_MONTH = Month.containing(datetime.now(tz=UTC), NEW_YORK)
LAST_MONTH, NEXT_MONTH = THIS_MONTH.previous(), THIS_MONTH.next()
NEXT = read(NEXT_MONTH.first.isoformat())
RULES = "/admin/pricing/pricerule/"


@pytest.fixture
def samples(people: dict[str, User]) -> PriceRule:
    """Sample orders of a customer in New York cost $2.50."""
    lead = LeadFactory.create(
        product__sku="TILE-9",
        product__customer=CustomerFactory.create(name="Acme Tile", time_zone="America/New_York"),
        source=SourceFactory.create(name="Autumn fair"),
    )
    kind = ActionTypeFactory.create(code="sample_order", name="Sample order")
    return PriceRuleFactory.create(
        name="Samples", customer=lead.product.customer, action_type=kind, unit_price=Decimal("2.50")
    )


def draft_for_next_month(page: Page, *, price: str) -> None:
    page.get_by_role("link", name="Samples", exact=True).click()
    page.get_by_role("link", name="Revise").click()
    page.get_by_role("button", name="Create draft").click()
    page.get_by_label("Unit price", exact=True).fill(price)


def test_a_price_for_next_month_takes_five_clicks_from_the_list_until_it_is_activated(
    page: Page, samples: PriceRule
) -> None:
    log_in(page, "operations")
    page.goto(RULES)

    with at_most(page, 5):
        draft_for_next_month(page, price="3")
        said = f"From {NEXT_MONTH.first:%B} 1, {NEXT_MONTH.first.year}, in America/New_York, it prices Acme Tile · Sample order"
        expect(page.locator("[data-part=said]")).to_contain_text(f"{said}: $3.00 each.")
        page.get_by_role("button", name="Save and activate").click()
        page.get_by_role("button", name="Activate").click()
        expect(page.get_by_role("link", name="Revise")).to_be_visible()

    revision = PriceRule.objects.get(revises=samples)
    assert (revision.state, revision.unit_price, revision.wall_from) == ("active", Decimal(3), NEXT)


def test_a_price_for_next_month_takes_five_clicks_from_the_list_until_it_is_asked_for(
    page: Page, samples: PriceRule, settings: LazySettings
) -> None:
    settings.FOUR_EYES = True
    log_in(page, "operations")
    page.goto(RULES)

    with at_most(page, 5):
        draft_for_next_month(page, price="3")
        page.get_by_role("button", name="Save and ask for approval").click()
        page.get_by_label("Reason").fill("Agreed on the phone")
        page.get_by_role("button", name="Ask for approval").click()
        expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()

    request = ApprovalRequest.objects.get()
    assert (request.reason, PriceRule.objects.get(revises=samples).unit_price) == ("Agreed on the phone", Decimal(3))


def test_a_price_check_that_blocks_is_seen_before_it_refuses_and_is_put_right_in_eight_clicks(
    page: Page, samples: PriceRule
) -> None:
    product = LeadFactory.create(product__customer=samples.customer, product__sku="TILE-10").product
    agreed = PriceCheckFactory.create(
        name="As agreed", product=product, action_type=samples.action_type, expected=3, occurs_on=NEXT_MONTH.first
    )
    log_in(page, "operations")
    page.goto(RULES)

    with at_most(page, 8):
        draft_for_next_month(page, price="30")
        expect(page.locator("[data-part=weighed]")).to_contain_text("breaks: $3.00 agreed, would be $30.00 for TILE-10")
        page.get_by_role("button", name="Save and activate").click()
        page.get_by_role("button", name="Activate").click()
        expect(page.get_by_text("1 price check would fail. “As agreed”").first).to_be_visible()
        assert not PriceRule.objects.filter(state="active", unit_price=30).exists()
        page.get_by_role("link", name="Cancel").click()
        page.get_by_label("Unit price", exact=True).fill("3")
        expect(page.locator("[data-part=weighed]")).to_contain_text("1 price check holds.")
        page.get_by_role("button", name="Save and activate").click()
        page.get_by_role("button", name="Activate").click()
        expect(page.get_by_role("link", name="Revise")).to_be_visible()

    assert (PriceRule.objects.get(revises=samples).state, agreed.expected) == ("active", Decimal(3))


def test_five_percent_more_on_twelve_rules_is_simulated_and_activated_in_ten_clicks(
    page: Page, people: dict[str, User], workers: None
) -> None:
    for number in range(12):
        _sold(number)
    until(lambda: Charge.objects.count() == 12)
    log_in(page, "operations")
    page.goto(RULES)

    with at_most(page, 10):
        page.locator("#action-toggle").check()
        page.locator("select[name=action]").select_option("reprice_selected")
        page.get_by_role("button", name="Run").click()
        page.get_by_label("Change by").fill("5")
        page.get_by_role("button", name="Show the new prices").click()
        page.get_by_role("button", name="Create 12 drafts").click()
        page.get_by_role("link", name="Simulate them").click()
        page.get_by_role("button", name="Simulate").click()
        expect(page.locator(".sim[data-finished]")).to_be_visible()
        expect(page.locator("tfoot")).to_contain_text("Total, USD 12 $120.00 $126.00 +$6.00 +5.0%")
        page.get_by_role("link", name="Activate").click()
        page.get_by_role("button", name="Activate").click()
        expect(page.get_by_text("Activated: 12")).to_be_visible()

    raised = PriceRule.objects.filter(revises__isnull=False)
    assert list(raised.values_list("state", "unit_price", "wall_from").distinct()) == [
        ("active", Decimal("10.5"), NEXT)
    ]
    assert (raised.count(), Simulation.objects.count()) == (12, 1)


def _sold(number: int) -> None:
    """Something of a customer's own rule for $10, last month."""
    lead = LeadFactory.create(product__customer__name=f"Customer {number}")
    customer = lead.product.customer
    kind = ActionTypeFactory.create(code="sample_order")
    PriceRuleFactory.create(name=f"Samples {number}", customer=customer, unit_price=10)
    period = BillingPeriodFactory.create(customer=customer, month=LAST_MONTH)
    ActionFactory.create(lead=lead, action_type=kind, period=period, occurred_at=period.start_at + timedelta(days=3))
    mark_unrated([period], reason="intake")
