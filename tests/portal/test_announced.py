"""The page Prices: announced prices, and what last month would have cost under them."""

from decimal import Decimal

import pytest

from billing_engine.core.calendar.wall_clock import read
from leads.models import Customer
from portal.pages import announced
from pricing.domain.simulation import announced as costs
from pricing.models import PriceRule
from tests.factories.leads import BillingPeriodFactory
from tests.factories.pricing import PriceRuleFactory, retired
from tests.invoices.made import received
from tests.portal.made import a_person, an_invoice, home, logged_in
from tests.portal.test_pages import words_of

pytestmark = pytest.mark.django_db


def announce(customer: Customer) -> None:
    an_invoice(customer, 3, 4)
    retired(PriceRule.objects.all(), until=read("2027-01-01"))
    PriceRuleFactory.create(
        name="Internal squeeze", unit_price=Decimal(3), wall_from=read("2027-01-01"), currency=customer.currency
    )


def test_last_month_stands_beside_what_it_would_have_cost(northlight: Customer) -> None:
    announce(northlight)

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}prices/")

    assert "Your October at the prices of January 1, 2027" in said
    assert "Oak veneer $17.50 $21.00 +$3.50" in said
    assert "All products $17.50 $21.00" in said
    assert "Internal" not in said


def test_without_an_announced_price_nothing_is_compared(northlight: Customer) -> None:
    an_invoice(northlight)

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}prices/")

    assert "No change is announced." in said
    assert "at the prices of" not in said


def test_the_page_of_a_customer_with_many_actions_does_not_wait(
    northlight: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(northlight)
    monkeypatch.setattr(costs, "AT_ONCE", 1)

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}prices/")

    assert "You have many actions, so this is being calculated." in said


def test_of_very_many_products_those_that_change_most_are_named(
    northlight: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announced, "MOST_PRODUCTS", 1)
    received(BillingPeriodFactory.create(customer=northlight), 2, product="Ash")
    announce(northlight)

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}prices/")

    assert "Oak veneer $17.50 $21.00 +$3.50 1 other product $5.00 $6.00 +$1.00 All products $22.50 $27.00" in said
