"""The price finder: every rule that could price an action, ranked as rating ranks them, and what keeps the others out."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from pricing.domain.rule_book.example import Example
from pricing.domain.rule_book.finder import find_rules
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory

pytestmark = pytest.mark.django_db

AT = datetime(2026, 12, 4, 12, tzinfo=UTC)


@pytest.fixture
def example() -> Example:
    customer = CustomerFactory.create(name="Terrazza")
    return Example(
        product=ProductFactory.create(customer=customer, sku="TZ-104", name="Basalt", category="stone"),
        source=SourceFactory.create(name="Field webinars", channel="webinar"),
        action_type=ActionTypeFactory.create(name="Sample order"),
        occurred_at=AT,
        quantity=Decimal(3),
    )


def test_rules_that_match_are_ranked_with_what_each_lost_on(example: Example) -> None:
    kind = example.action_type
    every = PriceRuleFactory.create(name="Sample order", action_type=kind, unit_price="2.50")
    webinar = PriceRuleFactory.create(name="By webinar", action_type=kind, channel="webinar", unit_price="2.90")
    stone = PriceRuleFactory.create(name="Stone", action_type=kind, category="stone", unit_price="3.75")
    own = PriceRuleFactory.create(name="Contract", action_type=kind, customer=example.customer, unit_price="3.25")

    found = find_rules(example)

    assert (found.priced.amount, found.priced.winner) == (Decimal("9.75"), own)
    assert [(each.rule, each.lost_on) for each in found.ranked] == [
        (own, ""),
        (stone, "customer"),
        (webinar, "customer"),
        (every, "customer"),
    ]
    assert [dict(each.names)["channel"] for each in found.ranked] == [False, False, True, False]
    assert (found.near, found.drafts) == ([], [])


def test_a_near_miss_names_the_one_thing_that_keeps_it_out(example: Example) -> None:
    kind = example.action_type
    facts = {"action_type": kind, "customer": example.customer}
    PriceRuleFactory.create(name="Trade show", channel="trade_show", **facts)
    PriceRuleFactory.create(name="Tiles", category="tile", **facts)
    PriceRuleFactory.create(name="Other product", product=ProductFactory.create(customer=example.customer), **facts)
    PriceRuleFactory.create(name="Ended", wall_to=read("2026-12-01"), priority=1, **facts)
    PriceRuleFactory.create(name="Later", wall_from=read("2027-01-01"), priority=2, **facts)
    PriceRuleFactory.create(name="Two things", channel="trade_show", category="tile", **facts)
    PriceRuleFactory.create(name="Another customer", customer=CustomerFactory.create(), action_type=kind)

    near = {each.rule.name: each.why.partition(":")[0] for each in find_rules(example).near}

    assert near == {
        "Trade show": "Channel",
        "Tiles": "Category",
        "Other product": "Product",
        "Ended": "Day",
        "Later": "Day",
    }


def test_a_draft_that_would_win_says_for_how_much(example: Example) -> None:
    PriceRuleFactory.create(name="Sample order", action_type=example.action_type)
    draft = PriceRuleFactory.create(name="Promotion", draft=True, product=example.product, unit_price="2.00")
    PriceRuleFactory.create(name="Too general", draft=True)

    assert [(each.draft, each.amount) for each in find_rules(example).drafts] == [(draft, Decimal(6))]


def test_the_page_is_one_link_and_says_what_is_missing(example: Example, client: Client) -> None:
    PriceRuleFactory.create(name="Sample order", action_type=example.action_type, unit_price="2.50")
    client.force_login(with_role("Operations"))
    page = reverse("admin:pricing_price_finder")
    asked = {
        "product": example.product.pk,
        "source": example.source.pk,
        "action_type": example.action_type.pk,
        "on": "2026-12-04",
        "quantity": "3",
    }

    shown = words(client.get(page, asked).content.decode())

    assert "$7.50 by Sample order Keep as a price check New rule for this" in shown
    assert (
        "Sample order $2.50 each, from January 1, 2020, in each customer’s time zone 0 any any any any any ✓ Wins"
        in shown
    )
    assert "This field is required." in client.get(page, {"on": "x"}).content.decode()
    assert "Pick what was sent." in words(client.get(page).content.decode())


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition('id="content"')[2])).split())


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_break_no_page(client: Client, example: Example, day: str) -> None:
    kind = example.action_type
    draft = PriceRuleFactory.create(draft=True, action_type=kind, wall_from=read(day))
    PriceCheckFactory.create(product=example.product, action_type=kind, occurs_on=day)
    client.force_login(with_role("Operations"))
    asked = {"product": example.product.pk, "action_type": kind.pk, "source": example.source.pk, "on": day}

    pages = (
        (reverse("admin:pricing_price_finder"), asked),
        (reverse("admin:pricing_pricerule_change", args=[draft.pk]), {}),
        (reverse("admin:pricing_pricecheck_changelist"), {}),
    )
    assert [client.get(page, query).status_code for page, query in pages] == [200, 200, 200]
