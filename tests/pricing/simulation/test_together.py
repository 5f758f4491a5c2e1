"""Customers simulated together come to what each comes to alone, and what billing then charges."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod, Customer, Lead
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.rules import activate
from pricing.domain.simulation.simulate import ACTIONS_TOGETHER, SIMULATIONS, simulate_customers, start
from pricing.domain.waive import waive
from pricing.models import PriceRule, SimulatedCustomer, SimulatedMove, SimulatedSum, Simulation
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory, graduated, tiered
from tests.pricing.simulation.test_simulate import draft_of, outcomes, stored, sums

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 20, tzinfo=UTC)
MONTHS = [Month(2026, number) for number in (9, 10, 11)]
SIMULATED = ["2026-10", "2026-11"]


def some_customers() -> list[Customer]:
    return [
        CustomerFactory.create(time_zone="America/Los_Angeles"),
        CustomerFactory.create(time_zone="Asia/Kolkata", monthly_budget=Decimal(40), hard_budget=True),
        CustomerFactory.create(excluded_domains=["studio1.example"]),
        CustomerFactory.create(contract_from=datetime(2026, 10, 5, tzinfo=UTC).date()),
        CustomerFactory.create(currency="EUR", time_zone="Europe/Berlin"),
    ]


def some_rules(customers: Sequence[Customer], kinds: Sequence[Any]) -> list[PriceRule]:
    """A rule of every model and with every limit; those that need foresight are of two customers alone."""
    tiers = (3, "1", "0"), (None, "0.333333", "2")
    return [
        PriceRuleFactory.create(action_type=kinds[0], once_per="person", once_days=40, unit_price=Decimal("1.25")),
        PriceRuleFactory.create(action_type=kinds[1], cap_per_lead=Decimal(9), cap_per_period=Decimal(30)),
        graduated(*tiers, action_type=kinds[2], once_per="lead", once_days=10),
        tiered("volume", *tiers, action_type=kinds[2], customer=customers[0]),
        PriceRuleFactory.create(action_type=kinds[0], highest_only=True, customer=customers[1]),
        PriceRuleFactory.create(
            action_type=kinds[3], price_model="percentage", unit_price=None, percent=Decimal("1.3"), free_actions=3
        ),
        tiered("graduated_percentage", (100, "2", "0"), (None, "0.7", "1"), action_type=kinds[3], category="wood"),
        PriceRuleFactory.create(
            action_type=kinds[4],
            price_model="package",
            unit_price=None,
            package_size=Decimal(4),
            package_price=Decimal(3),
        ),
        PriceRuleFactory.create(currency="EUR", free_units=Decimal(4)),
    ]


def some_actions(draw: Random, leads: list[Lead], period: BillingPeriod, kinds: Sequence[Any], count: int = 22) -> None:
    for _ in range(count):
        begin = period.start_at - timedelta(days=draw.choice((0, 0, 0, 40)))  # some of it late
        voided = draw.random() < 0.1
        ActionFactory.create(
            lead=draw.choice(leads),
            period=period,
            action_type=draw.choice(kinds),
            occurred_at=begin + timedelta(seconds=draw.randrange(28 * 86_400)),
            quantity=Decimal(draw.choice(("1", "3", "0.5", "7"))),
            value=draw.choice((None, Decimal("123.45"))),
            voided_at=NOW if voided else None,
            void_reason="Wrong" if voided else "",
        )


def world(draw: Random) -> tuple[list[BillingPeriod], list[PriceRule]]:
    """Five customers, of whom one begins in November; the same people ask several of them."""
    customers, source = some_customers(), SourceFactory.create()
    kinds = [ActionTypeFactory.create(code=f"kind_{number}") for number in range(6)]
    rules = some_rules(customers, kinds)
    periods = list[BillingPeriod]()
    for customer in customers:
        products = [ProductFactory.create(customer=customer, category=category) for category in ("tiles", "wood")]
        leads = [
            LeadFactory.create(
                product=draw.choice(products),
                source=source,
                email=f"p{number}@studio{number % 4}.example",
                is_test=number == 9,
            )
            for number in range(10)
        ]
        for month in MONTHS[2 if customer is customers[3] else 0 :]:
            periods.append(BillingPeriodFactory.create(customer=customer, month=month))
            some_actions(draw, leads, periods[-1], kinds)
    waive(Action.objects.order_by("pk")[7], note="Goodwill", by=UserFactory.create(), at=NOW)
    return periods, rules


def drafts_of(rules: Sequence[PriceRule], draw: Random, customer: Customer) -> list[PriceRule]:
    since = datetime(2026, 10, 1) + timedelta(days=draw.randrange(40))  # noqa: DTZ001 -- a wall-clock time
    return [
        draft_of(rules[0], since=since, once_days=15, unit_price=Decimal("1.30")),
        draft_of(rules[1], since=since, cap_per_lead=Decimal("4.5"), customer=customer),  # the others have none then
        draft_of(rules[2], since=since, free_units=Decimal("2.5")),
        draft_of(rules[3], since=since, cap_per_period=Decimal(5)),
        draft_of(rules[6], since=since, category="tiles"),
        draft_of(rules[8], since=since, once_per="lead", once_days=3),
        PriceRuleFactory.create(
            draft=True, priority=-1, wall_from=since, unit_price=Decimal("0.000007"), name=r"\N	tab"
        ),
    ]


def together(simulation: Simulation) -> Simulation:
    simulate_customers(list(simulation.customers.values_list("pk", flat=True)), at=NOW)
    simulation.refresh_from_db()
    return simulation


def alone(simulation: Simulation) -> Simulation:
    for pk in simulation.customers.values_list("pk", flat=True):
        simulate_customers([pk], at=NOW)
    simulation.refresh_from_db()
    return simulation


def results(simulation: Simulation, *, but: Customer | None = None) -> list[Any]:
    """Everything that it kept, without its own numbers; customers apart from this one."""
    left_out = {"simulation_id", "id", "next_attempt_at"}
    found = list[Any]()
    for kind, customer in (
        (SimulatedSum, "period__customer"),
        (SimulatedMove, "period__customer"),
        (SimulatedCustomer, "customer"),
    ):
        columns = [field.attname for field in kind._meta.concrete_fields if field.attname not in left_out]
        rows = kind._default_manager.filter(simulation=simulation).exclude(**{customer: but and but.pk})
        found.append(sorted(rows.values_list(*columns), key=str))
    return [*found, simulation.finished_at]


@pytest.mark.parametrize("seed", range(5))
def test_together_alone_and_billed_are_equal_to_the_last_digit(seed: int, operator: User) -> None:
    draw = Random(seed)
    periods, rules = world(draw)
    for period in periods:
        rate(period, at=NOW)
    lead = Lead.objects.filter(product__customer=periods[0].customer)
    some_actions(draw, list(lead), periods[1], [rules[0].action_type], count=2)  # not rated yet
    mark_unrated([periods[1]], reason="intake")
    drafts, was, before = drafts_of(rules, draw, periods[4].customer), outcomes(), stored(periods)
    ask: dict[str, Any] = {"months": SIMULATED, "from_the_start": False, "by": operator, "at": NOW}

    simulation, other = together(start(drafts, **ask)), alone(start(drafts, **ask))

    assert results(simulation) == results(other)
    assert {item.state for item in simulation.customers.all()} == {"done"}
    assert sum(item.behind for item in simulation.customers.all()) == 1
    assert (outcomes(), simulation.customers.count()) == (was, 5)
    simulated = [period for period in periods if period.label in SIMULATED]
    now = {group: values for group, values in before.items() if group[0] in {period.pk for period in simulated}}
    assert {group: values[:3] for group, values in sums(simulation, "now").items() if any(values[:3])} == {
        group: values[:3] for group, values in now.items() if any(values[:3])
    }
    for draft in drafts:
        activate(draft, by=UserFactory.create(), at=NOW, reason="As simulated")
    for period in simulated:
        rate(period, at=NOW)
    assert sums(simulation, "then") == stored(simulated)


def test_a_fault_of_one_customer_leaves_the_others_of_its_batch_as_they_are_without_it(
    operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    periods, rules = world(Random(1))
    drafts, faulty = drafts_of(rules, Random(1), periods[4].customer), periods[0].customer
    ask: dict[str, Any] = {"months": SIMULATED, "by": operator, "at": NOW}
    expected, simulation = together(start(drafts, **ask)), start(drafts, **ask)
    Customer.objects.filter(pk=faulty.pk).update(time_zone="Mars/Olympus")

    together(simulation)

    assert results(simulation, but=faulty) == results(expected, but=faulty)
    item = simulation.customers.get(customer=faulty)
    assert (item.state, item.actions_rated, simulation.sums.filter(period__customer=faulty).count()) == ("failed", 0, 0)
    assert "Mars/Olympus" in item.message


def test_what_a_batch_wrote_before_its_fault_is_not_there_twice(
    operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    periods, rules = world(Random(2))
    drafts, faulty = drafts_of(rules, Random(2), periods[4].customer), periods[0].customer
    ask: dict[str, Any] = {"months": SIMULATED, "by": operator, "at": NOW}
    expected, simulation = together(start(drafts, **ask)), start(drafts, **ask)
    with connection.cursor() as cursor:  # November's results can't be stored, October's are there by then
        cursor.execute(
            "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'No room.'; END $$;"
            " CREATE TRIGGER refused BEFORE INSERT ON pricing_simulatedsum FOR EACH ROW"
            f" WHEN (NEW.period_id = {periods[2].pk}) EXECUTE FUNCTION refused()"
        )

    together(simulation)

    assert results(simulation, but=faulty) == results(expected, but=faulty)
    item = simulation.customers.get(customer=faulty)
    assert (item.state, item.actions_rated) == ("failed", periods[1].actions.count())
    assert {each.period for each in simulation.sums.filter(period__customer=faulty)} == {periods[1]}


def test_as_many_statements_whatever_the_number_of_customers(operator: User) -> None:
    periods, rules = world(Random(3))
    for period in periods:
        rate(period, at=NOW)
    draft, counts = draft_of(rules[5], since=datetime(2026, 9, 1), free_actions=1), list[int]()  # noqa: DTZ001 -- a wall-clock time
    customers = [periods[place].customer for place in (6, 9)]
    for some in (customers, customers[:1], customers):  # the first reads the rules
        simulation = start([draft], months=["2026-11"], customers=some, by=operator, at=NOW)
        with CaptureQueriesContext(connection) as asked:
            together(simulation)
        counts.append(len(asked))

    assert counts[1] == counts[2]


def test_small_customers_are_tried_together_and_large_ones_alone() -> None:
    sizes = [ACTIONS_TOGETHER * 3, ACTIONS_TOGETHER // 2, ACTIONS_TOGETHER // 2, *[7] * 52]
    items = [SimulatedCustomer(pk=pk, simulation_id=1, actions=actions) for pk, actions in enumerate(sizes)]
    items.append(SimulatedCustomer(pk=99, simulation_id=2, actions=5))

    batches = [[item.pk for item in batch] for batch in SIMULATIONS.batches(items)]

    assert batches == [[0], [1, 2], list(range(3, 53)), [53, 54], [99]]


def test_the_customers_of_a_batch_whose_worker_died_are_tried_one_by_one(operator: User) -> None:
    for _ in range(3):
        ActionFactory.create()
    simulation = start([PriceRuleFactory.create(draft=True)], months=["2026-10"], by=operator, at=NOW)
    numbers = sorted(simulation.customers.values_list("pk", flat=True))
    assert list(SIMULATIONS.due(at=NOW)) == [{"item_ids": numbers, "attempt": 0}]
    SimulatedCustomer.objects.update(state="running", attempts=1, next_attempt_at=NOW + SIMULATIONS.lease)

    later = NOW + timedelta(hours=2)
    messages = sorted(SIMULATIONS.due(at=later), key=str)

    assert messages == sorted(({"item_ids": [pk], "attempt": 1} for pk in numbers), key=str)
    SIMULATIONS.work(**messages[0], at=later)
    assert sorted(simulation.customers.values_list("state", flat=True)) == ["done", "running", "running"]
