"""Rating from a checkpoint gives the same charges as rating the whole period, to the last digit."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.spans import Month
from billing_engine.core.queues import queue
from leads.domain.periods import mark_unrated
from leads.models import Action, ActionType, BillingPeriod, Lead
from pricing.domain.rate import sweep
from pricing.domain.rate.rate import rate, rate_waiting
from pricing.domain.rule_book.rules import activate
from pricing.models import Charge, PeriodTally, UnratedAction
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory, ProductFactory
from tests.factories.pricing import PriceRuleFactory, graduated, tiered
from tests.processes import at_once

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FIRST = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def period(db: None) -> BillingPeriod:
    return BillingPeriodFactory.create(
        customer__code="ACME", customer__monthly_budget=Decimal(90), customer__hard_budget=True
    )


@pytest.fixture
def leads(period: BillingPeriod) -> list[Lead]:
    product = ProductFactory.create(customer=period.customer)
    people = ["ann@studio.example", "bob@studio.example", "ann@studio.example", ""]
    return [LeadFactory.create(product=product, person_key=person) for person in people]


@pytest.fixture
def rules() -> list[ActionType]:
    """A rule of each kind that can continue from a checkpoint: tiers, packages, percentages, once, limits, no price."""
    types = [ActionTypeFactory.create(code=f"type_{number}") for number in range(6)]
    graduated((5, "1", "0"), (None, "0.333333", "2"), action_type=types[0], free_units=2)
    PriceRuleFactory.create(
        action_type=types[1],
        price_model="package",
        unit_price=None,
        package_size=3,
        package_price="4.5",
        cap_per_lead=9,
    )
    PriceRuleFactory.create(
        action_type=types[2], price_model="percentage", unit_price=None, percent="1.3", fixed_fee="0.1", free_value=20
    )
    PriceRuleFactory.create(action_type=types[3], once_per="person", once_days=5, cap_per_period=12)
    PriceRuleFactory.create(action_type=types[4], once_per="lead", once_days=2)
    return types


def come(
    period: BillingPeriod, leads: list[Lead], types: list[ActionType], count: int, *, chance: random.Random
) -> None:
    """Some actions within the hour, as intake stores them."""
    latest = Action.objects.order_by("-occurred_at").values_list("occurred_at", flat=True).first() or FIRST
    for _ in range(count):
        latest += timedelta(minutes=chance.randint(0, 600))
        ActionFactory.create(
            period=period,
            lead=chance.choice(leads),
            action_type=chance.choice(types),
            occurred_at=latest,
            quantity=chance.choice([1, 1, 2, Decimal("1.5")]),
            value=chance.choice([None, 0, Decimal("12.34"), 25]),
        )
    mark_unrated([period], reason="intake")


def everything() -> tuple[list[dict[str, Any]], list[int], dict[str, Any]]:
    tally = PeriodTally.objects.values().get()
    return (
        list(Charge.objects.order_by("pk").values()),
        list(UnratedAction.objects.order_by("pk").values_list("pk", flat=True)),
        {name: value for name, value in tally.items() if name != "rated_at"},
    )


def whole(period: BillingPeriod) -> tuple[list[dict[str, Any]], list[int], dict[str, Any]]:
    """Rated from the start, whatever was rated before, because a mark with another reason asks for it."""
    mark_unrated([period], reason="asked for")
    rate(period, at=NOW)
    return everything()


@pytest.mark.parametrize("seed", range(5))
def test_actions_that_come_later_are_rated_on_to_the_same_charges(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType], seed: int
):
    chance = random.Random(seed)
    for _ in range(4):
        come(period, leads, rules, 12, chance=chance)
        rate_waiting([period.pk], at=NOW)
    on = everything()

    assert on == whole(period)
    assert len(on[0]) + len(on[1]) == 48
    assert {charge["reason"] for charge in on[0]} >= {"", "already_charged"}


def test_rating_on_reads_and_writes_only_what_is_new(period: BillingPeriod, leads: list[Lead], rules: list[ActionType]):
    chance = random.Random(1)
    come(period, leads, rules, 20, chance=chance)
    rate_waiting([period.pk], at=NOW)
    come(period, leads, rules, 3, chance=chance)

    with CaptureQueriesContext(connection) as captured:
        rate_waiting([period.pk], at=NOW)

    assert [query["sql"] for query in captured if "DELETE FROM pricing_charge" in query["sql"]] == []
    assert Charge.objects.count() + UnratedAction.objects.count() == 23


def test_an_action_that_occurred_before_the_last_one_rated_has_the_period_rated_whole(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType]
):
    come(period, leads, rules, 10, chance=random.Random(2))
    rate_waiting([period.pk], at=NOW)
    ActionFactory.create(period=period, lead=leads[0], action_type=rules[0], occurred_at=FIRST - timedelta(hours=1))
    mark_unrated([period], reason="intake")
    rate_waiting([period.pk], at=NOW)

    assert everything() == whole(period)


@pytest.mark.parametrize("foresight", [{"highest_only": True}, {"price_model": "volume", "unit_price": None}])
def test_rules_that_must_know_the_whole_period_have_it_rated_whole(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType], foresight: dict[str, Any], operator: User
):
    rule = PriceRuleFactory.create(draft=True, action_type=rules[5], **foresight)
    if "price_model" in foresight:
        rule.tiers.create(up_to=4, unit_price=2)
        rule.tiers.create(unit_price=1)
    activate(rule, by=operator, at=NOW)
    chance = random.Random(3)
    for _ in range(3):
        come(period, leads, rules, 12, chance=chance)
        rate_waiting([period.pk], at=NOW)

    assert PeriodTally.objects.get().counters is None
    assert everything() == whole(period)


def test_a_rule_that_is_activated_has_the_period_rated_whole(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType], operator: User
):
    come(period, leads, rules, 20, chance=random.Random(4))
    rate_waiting([period.pk], at=NOW)
    assert UnratedAction.objects.exists()

    activate(PriceRuleFactory.create(draft=True, action_type=rules[5]), by=operator, at=NOW)
    rate_waiting([period.pk], at=NOW)

    assert not UnratedAction.objects.exists()


def test_what_is_charged_once_is_remembered_from_an_earlier_period_and_a_later_one_is_rated_again(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType]
):
    november = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 11))
    last = period.end_at - timedelta(days=1)
    ActionFactory.create(period=november, lead=leads[0], action_type=rules[4], occurred_at=last + timedelta(hours=40))
    mark_unrated([november], reason="intake")
    rate_waiting([november.pk], at=NOW)
    assert list(Charge.objects.values_list("reason", flat=True)) == [""]

    paying = ActionFactory.create(period=period, lead=leads[0], action_type=rules[4], occurred_at=last)
    mark_unrated([period], reason="intake")
    rate_waiting([period.pk], at=NOW)
    rate_waiting([november.pk], at=NOW)

    charge = Charge.objects.get(period=november)
    assert (charge.reason, charge.paid_by) == ("already_charged", paying)


def test_periods_rated_together_are_charged_as_if_each_were_rated_alone(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType]
):
    chance = random.Random(7)
    november = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 11))
    others = [BillingPeriodFactory.create(customer__currency=currency) for currency in ("USD", "USD", "EUR")]
    tiered("volume", (10, "3", "0"), (None, "1", "0"), action_type=rules[0], customer=others[0].customer)
    for each in (period, november, *others):
        product = ProductFactory.create(customer=each.customer)
        own = leads if each.customer == period.customer else LeadFactory.create_batch(2, product=product)
        come(each, own, rules, 15, chance=chance)
    some = [period.pk, november.pk, *(other.pk for other in others)]

    tallies = rate_waiting(some, at=NOW)
    together = everything_of(some)
    for pk in some:
        mark_unrated([BillingPeriod.objects.get(pk=pk)], reason="asked for")
        rate_waiting([pk], at=NOW)

    assert sorted(tally.period_id for tally in tallies) == sorted(some)
    assert together == everything_of(some)
    assert [len(charges) + len(unrated) for charges, unrated, _ in together] == [15] * 5
    come(others[1], list(Lead.objects.filter(product__customer=others[1].customer)), rules, 5, chance=chance)
    come(november, leads, rules, 5, chance=chance)
    rate_waiting(some, at=NOW)
    on = everything_of(some)
    mark_unrated(BillingPeriod.objects.all(), reason="asked for")
    rate_waiting(some, at=NOW)
    assert on == everything_of(some)


def test_rating_many_periods_together_costs_the_same_number_of_queries_as_rating_two(
    period: BillingPeriod, leads: list[Lead], rules: list[ActionType]
):
    def queries(count: int) -> int:
        periods = [BillingPeriodFactory.create() for _ in range(count)]
        for each in periods:
            own = LeadFactory.create_batch(2, product=ProductFactory.create(customer=each.customer))
            come(each, own, rules[:5], 3, chance=random.Random(1))
        with CaptureQueriesContext(connection) as captured:
            rate_waiting([each.pk for each in periods], at=NOW)
        return len(captured)

    queries(1)  # reads what all customers share
    assert queries(5) == queries(2)


def test_one_period_that_cannot_be_rated_does_not_keep_the_others_from_it(
    period: BillingPeriod,
    leads: list[Lead],
    rules: list[ActionType],
    monkeypatch: pytest.MonkeyPatch,
):
    broken = BillingPeriodFactory.create()
    mark_unrated([broken], reason="intake")
    PeriodTally.objects.create(
        period=broken,
        **dict.fromkeys(("actions", "charged", "excluded", "unrated", "amount"), 0),
        rated_at=NOW,
        rated_to_at=FIRST,
        rated_to_action=1,
        counters={"written by": "something else"},
    )
    come(period, leads, rules, 3, chance=random.Random(1))
    asked = list[tuple[str, dict[str, Any]]]()
    monkeypatch.setattr(queue, "after_commit", lambda task, **arguments: asked.append((task, arguments)))

    sweep.RATINGS.work([period.pk, broken.pk], at=NOW)
    assert not Charge.objects.exists()
    assert asked == [("pricing.rate_periods", {"period_ids": [pk]}) for pk in (period.pk, broken.pk)]
    sweep.RATINGS.work([period.pk], at=NOW)
    with pytest.raises(KeyError, match="counted"):
        sweep.RATINGS.work([broken.pk], at=NOW)

    assert Charge.objects.count() + UnratedAction.objects.count() == 3


def everything_of(periods: list[int]) -> list[tuple[list[dict[str, Any]], list[int], dict[str, Any]]]:
    """Charges, unrated actions and tally of each period."""
    return [
        (
            list(Charge.objects.filter(period=pk).order_by("pk").values()),
            list(UnratedAction.objects.filter(period=pk).order_by("pk").values_list("pk", flat=True)),
            PeriodTally.objects.defer("rated_at")
            .filter(period=pk)
            .values("actions", "charged", "amount", "counters")
            .get(),
        )
        for pk in periods
    ]


RATE = """
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
for _ in range(3):
    rate(BillingPeriod.objects.get(), at=now())
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_period_at_once_end_in_the_same_charges(
    transactional_db: None, period: BillingPeriod, leads: list[Lead], rules: list[ActionType]
):
    come(period, leads, rules, 40, chance=random.Random(5))
    rate(period, at=NOW)
    alone = everything()

    at_once(RATE, RATE)

    assert everything() == alone
