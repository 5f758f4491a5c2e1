"""The price list of a day: rating charges by the first rule of the list that matches."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from billing_engine.core.calendar.spans import midnight
from billing_engine.core.calendar.wall_clock import local_time, read
from leads.models import Action, Channel, Customer
from pricing.domain.rate.rate import rate
from pricing.models import Charge, PriceRule
from reports.queries.prices.price_list import ListedRule, PriceList, price_list
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
    from_day,
)
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory, graduated

pytestmark = pytest.mark.django_db

PAGE, CSV = "admin:reports_prices", "admin:reports_prices_file"
THE_DAY = date(2026, 10, 15)


@pytest.fixture
def operations(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


def names(rules: list[ListedRule]) -> list[str]:
    return [one.rule.name for one in rules]


def of(found: PriceList, rule: PriceRule) -> ListedRule:
    return next(one for one in found.in_force if one.rule == rule)


# --- Equal to rating -------------------------------------------------------------------------------------------------


def a_random_book(draw: Random, owners: list[Customer]) -> None:
    """Rules of every scope and time near the day, also within it; those that the database refuses are left out."""
    kinds = [ActionTypeFactory.create(code=code) for code in ("sample_order", "quote_request")]
    sources = [SourceFactory.create(code="web"), SourceFactory.create(code="fair", channel=Channel.TRADE_SHOW)]
    products = [
        ProductFactory.create(customer=owner, category=name) for owner in owners for name in ("wood", "stone", "wood")
    ]
    from_day(products[0], THE_DAY, category="stone")
    from_day(sources[0], THE_DAY, channel=Channel.TRADE_SHOW)
    times = [None, "2026-10-10", "2026-10-15", "2026-10-15T09:30", "2026-10-15T14:00", "2026-10-16", "2026-11-01"]
    for number in range(45):
        begin, end = sorted(draw.sample(range(len(times)), 2))
        rule = PriceRule(
            name=f"Rule {number}",
            currency=draw.choice(("USD", "USD", "EUR")),
            unit_price=Decimal(number),
            wall_from=read(times[begin] or "2026-01-01"),
            wall_to=None if end == len(times) - 1 or draw.random() < 0.4 else read(times[end] or "2026-10-10"),
            priority=draw.choice((0, 0, 0, 1)),
            customer=draw.choice((None, *owners)),
            product=draw.choice((None, None, *products)),
            category=draw.choice(("", "", "wood", "stone")),
            source=draw.choice((None, None, *sources)),
            channel=draw.choice(("", "", Channel.TRADE_SHOW)),
            action_type=draw.choice((None, None, *kinds)),
        )
        if rule.product and rule.customer not in (None, rule.product.customer):
            continue
        places = PriceRule.objects.filter(
            **{name: getattr(rule, name) for name in SCOPE}, currency=rule.currency, priority=rule.priority
        )
        if not places.exists():
            rule.state, rule.activated_at = "active", datetime(2020, 1, 1, tzinfo=UTC)
            rule.save()


SCOPE = ("customer", "product", "category", "source", "channel", "action_type")


def actions_of(draw: Random, owner: Customer) -> Iterator[Action]:
    """Actions of the customer's day, its first and its last instant among them."""
    period = BillingPeriodFactory.create(customer=owner)
    begin = midnight(THE_DAY, owner.zone)
    kinds = [ActionTypeFactory.create(code=code) for code in ("sample_order", "quote_request", "call")]
    sources = list(SourceFactory._meta.model.objects.order_by("pk"))
    for number in range(40):
        at = begin + timedelta(seconds=draw.choice((0, 24 * 3600 - 1, draw.randrange(24 * 3600))))
        lead = LeadFactory.create(product=draw.choice(list(owner.products.all())), source=draw.choice(sources))
        yield ActionFactory.create(
            lead=lead, period=period, occurred_at=at, action_type=draw.choice(kinds), external_id=str(number)
        )


def matches(rule: PriceRule, action: Action) -> bool:
    """Written a second time: the rule's scope and time, on the action's own day and clock."""
    owner, lead = action.period.customer, action.lead
    day, clock = owner.day_of(action.occurred_at), local_time(action.occurred_at, owner.zone)
    facts = {
        "currency": owner.currency,
        "customer": owner,
        "product": lead.product,
        "category": lead.product.facts_on(day).category,
        "source": lead.source,
        "channel": lead.source.facts_on(day).channel,
        "action_type": action.action_type,
    }
    in_time = rule.wall_from <= clock and (rule.wall_to is None or clock < rule.wall_to)
    return in_time and all(getattr(rule, name) in (None, "", value) for name, value in facts.items())


@pytest.mark.parametrize("seed", range(4))
def test_rating_charges_by_the_first_rule_of_the_list_that_matches(seed: int) -> None:
    draw = Random(seed)
    zones = ("America/New_York", "Asia/Tokyo", "UTC")
    owners = [CustomerFactory.create(time_zone=zones[n], currency=("USD", "USD", "EUR")[n]) for n in range(3)]
    a_random_book(draw, owners)
    seen = 0
    for owner in owners:
        actions = list(actions_of(draw, owner))
        rate(actions[0].period, at=datetime(2026, 11, 3, tzinfo=UTC))
        charged = dict(Charge.objects.filter(action__in=actions).values_list("action", "rule"))
        found = price_list(owner, THE_DAY)
        everyone = [one.rule.pk for one in price_list(None, THE_DAY).in_force if one.rule.currency == owner.currency]

        for action in actions:
            matching = [one for one in found.in_force if matches(one.rule, action)]
            assert charged.get(action.pk) == (matching[0].rule.pk if matching else None)
            assert not any(one.never_wins for one in matching[:1])
            for loser in matching[1:]:
                assert matching[0].rule in loser.outranked_by
            seen += len(matching) > 1
        assert [pk for pk in everyone if pk in {one.rule.pk for one in found.in_force}] == [
            one.rule.pk for one in found.in_force
        ]
    assert seen


# --- What it says ----------------------------------------------------------------------------------------------------


def test_the_more_specific_rule_comes_first_and_the_wider_one_gives_way() -> None:
    customer = CustomerFactory.create()
    samples = ActionTypeFactory.create(code="sample_order")
    wide = PriceRuleFactory.create(name="Anything")
    theirs = PriceRuleFactory.create(name="Theirs", customer=customer)
    narrow = PriceRuleFactory.create(name="Their samples", customer=customer, action_type=samples)
    other = PriceRuleFactory.create(name="Another's", customer=CustomerFactory.create())
    PriceRuleFactory.create(name="Draft", draft=True, category="wood")
    PriceRuleFactory.create(name="In euros", currency="EUR")

    found = price_list(customer, THE_DAY)

    assert names(found.in_force) == ["Their samples", "Theirs", "Anything"]
    assert of(found, wide).outranked_by == [narrow, theirs]
    assert [(one.rule, one.never_wins) for one in found.in_force] == [(narrow, False), (theirs, False), (wide, False)]
    assert of(price_list(None, THE_DAY), other).outranked_by == []
    assert names(price_list(None, THE_DAY).in_force)[0] == "In euros"


def test_a_rule_that_a_higher_priority_covers_never_applies() -> None:
    PriceRuleFactory.create(name="First", priority=1)
    second = PriceRuleFactory.create(name="Second", category="wood")

    assert of(price_list(CustomerFactory.create(), THE_DAY), second).never_wins


def test_a_rule_that_is_covered_for_half_a_day_applies_in_the_other_half() -> None:
    PriceRuleFactory.create(name="First", priority=1, wall_to=read("2026-10-15T12:00"))
    second = PriceRuleFactory.create(name="Second", category="wood")

    assert not of(price_list(CustomerFactory.create(), THE_DAY), second).never_wins


@pytest.mark.parametrize(
    ("begin", "end", "listed"),
    [
        ("2026-10-16", None, "later"),
        ("2026-10-15T23:59", None, "in force"),
        ("2026-10-15", "2026-10-16", "in force"),
        ("2026-10-14", "2026-10-15T00:01", "in force"),
        ("2026-10-14", "2026-10-15", "nowhere"),
        ("2026-10-15", "2026-10-15", "nowhere"),
        ("2026-10-20", "2026-10-20", "nowhere"),
    ],
)
def test_a_rule_is_listed_on_its_days(begin: str, end: str | None, listed: str) -> None:
    PriceRuleFactory.create(wall_from=read(begin), wall_to=read(end) if end else None)
    for customer in (None, CustomerFactory.create(time_zone="Asia/Tokyo")):
        found = price_list(customer, THE_DAY)

        assert (len(found.in_force), len(found.announced)) == (listed == "in force", listed == "later")


def test_a_rule_that_ends_says_which_revision_follows() -> None:
    first = PriceRuleFactory.create(name="Samples", wall_to=read("2026-11-01"))
    second = PriceRuleFactory.create(
        name="Samples", wall_from=read("2026-11-01"), first_revision=first, revises=first, unit_price=Decimal(3)
    )

    found = price_list(CustomerFactory.create(), THE_DAY)

    assert of(found, first).followed_by == second
    assert found.announced == [second]


def test_it_takes_as_many_queries_for_many_rules(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    customer = CustomerFactory.create()
    for number in range(6):
        PriceRuleFactory.create(customer=customer, source=SourceFactory.create(), priority=number)
        graduated((10, "2", "0"), (None, "1", "0"), product=ProductFactory.create(customer=customer), priority=number)

    for whose in (customer, None):
        with django_assert_max_num_queries(16):
            price_list(whose, THE_DAY)


# --- The page and the file -------------------------------------------------------------------------------------------


def test_the_page_says_each_price_in_the_words_of_the_rule(operations: Client) -> None:
    customer = CustomerFactory.create(name="Acme", code="ACME", time_zone="America/New_York")
    rule = PriceRuleFactory.create(
        name="Samples", customer=customer, cap_per_lead=Decimal(25), wall_to=read("2026-11-01"), priority=2
    )
    follows = PriceRuleFactory.create(
        name="Samples", customer=customer, first_revision=rule, wall_from=read("2026-11-01T09:00"), priority=2
    )

    answer = operations.get(reverse(PAGE), {"customer": "ACME", "day": "2026-10-15"})

    (row,) = answer.context["in_force"]
    assert (row.place, row.scope, row.first, row.last) == ("1", "this customer", "January 1, 2020", "October 31, 2026")
    assert row.price == "$2.50 each, at most $25.00 per lead over all periods"
    (later,) = answer.context["announced"]
    assert (later.first, later.last, str(follows)) == ("November 1, 2026, 09:00", "no end", "Samples")
    assert "America/New_York" in answer.content.decode()


def test_the_csv_has_every_rule(operations: Client) -> None:
    customer = CustomerFactory.create(code="ACME")
    PriceRuleFactory.create(name="Anything")
    PriceRuleFactory.create(name="Theirs", customer=customer)
    PriceRuleFactory.create(name="Soon", wall_from=read("2027-01-01"), category="wood")

    answer = operations.get(reverse(CSV, args=["csv"]), {"customer": "ACME", "day": "2026-10-15"})

    assert answer["Content-Disposition"] == 'attachment; filename="prices-ACME-2026-10-15.csv"'
    *rows, last = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert last["Place"] == "Rows: 3 of 3"
    told = ("Place", "State", "Rule", "Customer", "Price", "From", "Outranked by")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("1", "In force", "Theirs", "ACME", "$2.50 each", "2020-01-01", ""),
        ("2", "In force", "Anything", "", "$2.50 each", "2020-01-01", "Theirs"),
        ("", "Starts later", "Soon", "", "$2.50 each", "2027-01-01", ""),
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"day": "2026-02-30"}, "Choose a day from January 1, 2000 to "),
        ({"day": "0001-01-01"}, "Choose a day from January 1, 2000 to "),
        ({"day": "9999-12-31"}, "Choose a day from January 1, 2000 to "),
        ({"customer": "NONE"}, "There is no customer with this code."),
    ],
)
def test_what_can_not_be_shown_is_refused_with_a_sentence(
    operations: Client, asked: dict[str, Any], words: str
) -> None:
    page, file = operations.get(reverse(PAGE), asked), operations.get(reverse(CSV, args=["csv"]), asked)

    assert (page.status_code, "in_force" in page.context, file.status_code) == (200, False, 302)
    assert words in page.content.decode()
    assert words in "".join(map(str, get_messages(file.wsgi_request)))


def test_a_day_without_rules_says_what_that_means(operations: Client) -> None:
    assert "No price rule is in force on this day" in operations.get(reverse(PAGE)).content.decode()


def test_it_needs_the_right_to_see_rules(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(reverse(PAGE)).status_code == client.get(reverse(CSV, args=["csv"])).status_code == 403
