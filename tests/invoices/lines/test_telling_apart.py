"""Lines of the same product and action are told apart by price, source and time, in the buyer's words."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from invoices.models import InvoiceLine
from leads.models import BillingPeriod
from tests.factories.leads import SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import an_open_period, billed, received

pytestmark = pytest.mark.django_db


def descriptions(period: BillingPeriod) -> list[str]:
    lines = billed(period).lines.filter(kind=InvoiceLine.Kind.CHARGES).order_by("position")
    return [line.description.removeprefix("Oak veneer · Sample order") for line in lines]


def by_source(price: str, **facts: Any) -> Model:
    source = SourceFactory.create(name="Newsletter")
    PriceRuleFactory.create(name="Secret", source=source, unit_price=Decimal(price), **facts)
    return source


def test_one_line_needs_no_more_words_than_its_product_and_action() -> None:
    period = an_open_period()
    PriceRuleFactory.create(name="Secret")
    received(period, 1, 2)

    assert descriptions(period) == [""]


def test_prices_of_different_sources_name_the_source() -> None:
    period = an_open_period()
    PriceRuleFactory.create(name="Secret, too")
    source = by_source("3.00")
    received(period, 1)
    received(period, 1, source=source)

    assert descriptions(period) == [" · $2.50 each, all other sources", " · $3.00 each, Newsletter"]


def test_lines_that_nothing_a_buyer_knows_tells_apart_are_numbered() -> None:
    period = an_open_period()
    source = SourceFactory.create(name="Newsletter")
    PriceRuleFactory.create(name="Secret 1", source=source, priority=1)
    other = SourceFactory.create(name="Newsletter")
    PriceRuleFactory.create(name="Secret 2", source=other, priority=1)
    received(period, 1, source=source)
    received(period, 1, source=other)

    assert descriptions(period) == [" · $2.50 each (1)", " · $2.50 each (2)"]
