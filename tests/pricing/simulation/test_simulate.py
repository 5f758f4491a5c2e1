"""A simulation predicts what billing then does, to the last digit, and changes no charges."""

import tracemalloc
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.rules import activate
from pricing.domain.simulation.comparison import period as simulated_period
from pricing.domain.simulation.simulate import (
    SIMULATIONS,
    NotADraftAnyMore,
    NothingChosen,
    NothingToSimulate,
    simulate_customers,
    start,
    stop,
)
from pricing.models import (
    Charge,
    PeriodTally,
    PriceRule,
    SimulatedCustomer,
    SimulatedMove,
    SimulatedSum,
    Simulation,
    UnratedAction,
)
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
    agree,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import LONG_AGO_ON_A_CLOCK, PriceRuleFactory, graduated, tiered

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SEPTEMBER, OCTOBER, NOVEMBER = (Month(2026, number) for number in (9, 10, 11))


def draft_of(rule: PriceRule, *, since: datetime, **facts: object) -> PriceRule:
    """A revision of the rule, with these terms."""
    draft = PriceRule.objects.get(pk=rule.pk)
    draft.pk, draft._state.adding, draft.state, draft.activated_at = None, True, "draft", None
    draft.revises, draft.first_revision_id, draft.wall_from = rule, rule.lineage, since
    for name, value in facts.items():
        setattr(draft, name, value)
    draft.save()
    for tier in rule.tiers.all():
        draft.tiers.create(up_to=tier.up_to, unit_price=tier.unit_price, percent=tier.percent, flat_fee=tier.flat_fee)
    return draft


def world(draw: Random, months: tuple[Month, ...], actions: int = 60) -> tuple[list[BillingPeriod], list[PriceRule]]:
    """One customer with a rule of every kind, and some days with various actions in each month."""
    product = ProductFactory.create(category="tiles")
    customer, source = product.customer, SourceFactory.create()
    agree(customer, monthly_budget=Decimal(400), hard_budget=True)
    kinds = [ActionTypeFactory.create(code=f"kind_{number}") for number in range(7)]
    rules = [
        PriceRuleFactory.create(action_type=kinds[0], once_per="lead", once_days=40, unit_price=Decimal("1.25")),
        PriceRuleFactory.create(action_type=kinds[1], cap_per_lead=Decimal(9)),
        graduated((5, "1", "0"), (None, "0.333333", "2"), action_type=kinds[2]),
        tiered("volume", (20, "1", "0"), (None, "0.7", "3"), action_type=kinds[3]),
        PriceRuleFactory.create(action_type=kinds[4], highest_only=True, once_per="person", once_days=20),
        PriceRuleFactory.create(
            action_type=kinds[5], price_model="percentage", unit_price=None, percent=Decimal("1.3"), free_actions=3
        ),
    ]
    leads = [LeadFactory.create(product=product, source=source, email=f"p{n % 9}@studio.example") for n in range(12)]
    periods = [BillingPeriodFactory.create(customer=customer, month=month) for month in months]
    for period in periods:
        for _ in range(actions):
            begin = period.start_at - timedelta(days=draw.choice((0, 0, 0, 40)))  # some of it late
            ActionFactory.create(
                lead=draw.choice(leads),
                period=period,
                action_type=draw.choice(kinds),
                occurred_at=begin + timedelta(seconds=draw.randrange(28 * 86_400)),
                quantity=Decimal(draw.choice(("1", "3", "0.5", "7"))),
                value=draw.choice((None, Decimal("123.45"))),
            )
    return periods, rules


def stored(periods: list[BillingPeriod]) -> dict[Any, Any]:
    """By period, rule and action type: charges, amount, excluded, unrated."""
    found: defaultdict[Any, list[Any]] = defaultdict(lambda: [0, Decimal(0), 0, 0])
    for charge in Charge.objects.filter(period__in=periods).select_related("action"):
        group = found[charge.period_id, charge.rule_id, charge.action.action_type_id]
        if charge.reason:
            group[2] += 1
        else:
            group[0] += 1
            group[1] += charge.amount
    for row in UnratedAction.objects.filter(period__in=periods).select_related("action"):
        found[row.period_id, None, row.action.action_type_id][3] += 1
    return dict(found)


def sums(simulation: Simulation, side: str) -> dict[Any, Any]:
    found = {
        (each.period_id, each.rule_id, each.action_type_id): [
            getattr(each, f"{side}_{what}") for what in ("charges", "amount", "excluded", "unrated")
        ]
        for each in SimulatedSum.objects.filter(simulation=simulation)
    }
    return {group: values for group, values in found.items() if any(values)}


def outcomes() -> dict[int, tuple[Any, ...]]:
    return {charge.pk: (charge.rule_id, charge.reason, charge.amount) for charge in Charge.objects.all()}


def run(simulation: Simulation) -> Simulation:
    for item in SimulatedCustomer.objects.filter(simulation=simulation).order_by("pk"):
        simulate_customers([item.pk], at=NOW)
    simulation.refresh_from_db()
    return simulation


@pytest.mark.parametrize("seed", range(6))
def test_a_simulation_equals_to_the_last_digit_what_billing_then_does(seed: int, operator: User) -> None:
    draw = Random(seed)
    (earlier, *periods), rules = world(draw, (SEPTEMBER, OCTOBER, NOVEMBER))
    for period in (earlier, *periods):
        rate(period, at=NOW)
    since = (periods[0].start_at + timedelta(days=draw.randrange(40))).replace(tzinfo=None)
    drafts = [
        draft_of(rules[0], since=since, once_days=10, unit_price=Decimal("1.30")),
        draft_of(rules[1], since=since, cap_per_lead=Decimal("4.5")),
        draft_of(rules[2], since=since, free_units=Decimal("2.5")),
        draft_of(rules[3], since=since, cap_per_period=Decimal(5)),
        draft_of(rules[5], since=since, category="wood"),
        PriceRuleFactory.create(draft=True, priority=-1, wall_from=since, unit_price=Decimal("0.000007")),
    ]
    before = stored(periods)
    was = outcomes()

    simulation = run(start(drafts, months=["2026-10", "2026-11"], from_the_start=False, by=operator, at=NOW))

    assert (sums(simulation, "now"), outcomes()) == (before, was)
    for draft in drafts:
        activate(draft, by=UserFactory.create(), at=NOW, reason="As simulated")
    for period in periods:
        rate(period, at=NOW)
    assert sums(simulation, "then") == stored(periods)
    is_now = outcomes()
    moved = {pk: (was.get(pk, (0, 0, Decimal(0)))[2], charge[2]) for pk, charge in is_now.items()}
    greatest = Counter({pk: abs(after - then) for pk, (then, after) in moved.items() if after != then})
    top = SimulatedMove.objects.filter(simulation=simulation, kind="amount").order_by("-action_id")
    told = {move.action_id: (move.now_amount, move.then_amount) for move in top}
    assert told == {pk: moved[pk] for pk in told}
    assert sum(greatest[pk] for pk in told) == sum(size for _, size in greatest.most_common(len(told)))


def test_without_drafts_everything_rates_again_to_the_same_digit_closed_periods_too(operator: User) -> None:
    periods, _ = world(Random(1), (SEPTEMBER, OCTOBER))
    for period in periods:
        rate(period, at=NOW)
    UnratedAction.objects.all().delete()
    for action in stored_unrated():
        PriceRuleFactory.create(action_type=action)
    for period in periods:
        rate(period, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOW)

    simulation = run(start([], months=["2026-09", "2026-10"], customers=[periods[0].customer], by=operator, at=NOW))

    assert sums(simulation, "then") == sums(simulation, "now") == stored(periods)
    assert SimulatedMove.objects.count() == 0


def stored_unrated() -> list[Any]:
    rated = Charge.objects.values_list("action__action_type", flat=True)
    return list(ActionTypeFactory._meta.model.objects.exclude(pk__in=rated))


def test_last_months_invoices_with_next_months_price_and_nothing_billed_moves(operator: User) -> None:
    rule = PriceRuleFactory.create(name="Samples")
    action = ActionFactory.create(quantity=3)
    rate(action.period, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOW)
    december = read("2026-12-01")
    draft = draft_of(rule, since=december, unit_price=Decimal(3), name="Samples, dearer")
    before = outcomes(), list(PeriodTally.objects.values()), list(PriceRule.objects.values())

    then = run(start([draft], months=["2026-10"], by=operator, at=NOW))
    on_its_day = run(start([draft], months=["2026-10"], from_the_start=False, by=operator, at=NOW))

    amounts = [sum((each.then_amount for each in sim.sums.all()), Decimal(0)) for sim in (then, on_its_day)]
    assert amounts == [9, Decimal("7.5")]
    (move,) = then.moves.all()
    assert (move.action, move.kind, move.now_words, move.then_words) == (
        action,
        "amount",
        "$7.50 by “Samples”",
        "$9.00 by “Samples, dearer”",
    )
    assert on_its_day.moves.count() == 0
    assert (outcomes(), list(PeriodTally.objects.values()), list(PriceRule.objects.values())) == before
    assert UnratedMark.objects.count() == 0


def test_what_becomes_unrated_or_excluded_is_counted_and_named(operator: User) -> None:
    rule = PriceRuleFactory.create(name="Samples")
    lead = LeadFactory.create(product__category="tiles")
    twice = [ActionFactory.create(lead=lead) for _ in range(2)]
    wood = ActionFactory.create(lead__product__category="wood")
    for period in {wood.period, twice[0].period}:
        rate(period, at=NOW)
    draft = draft_of(rule, since=LONG_AGO_ON_A_CLOCK, category="tiles", once_per="lead", once_days=5)

    simulation = run(start([draft], months=["2026-10"], by=operator, at=NOW))

    found = [
        (each.rule, each.newly_charged, each.newly_excluded, each.newly_unrated)
        for each in simulation.sums.order_by("pk")
        if each.newly_charged or each.newly_excluded or each.newly_unrated
    ]
    assert sorted(found, key=str) == sorted([(rule, 0, 1, 0), (rule, 0, 0, 1)], key=str)
    assert {(move.kind, move.action, move.then_words) for move in simulation.moves.exclude(kind="amount")} == {
        ("excluded", twice[1], "not charged: already charged"),
        ("unrated", wood, "unrated"),
    }


def test_only_the_customers_that_a_draft_concerns_are_rated(operator: User) -> None:
    action, other = ActionFactory.create(), ActionFactory.create()
    own = PriceRuleFactory.create(draft=True, customer=action.period.customer)

    simulation = start([own], months=["2026-10"], by=operator, at=NOW)
    of_all = start([PriceRuleFactory.create(draft=True)], months=["2026-10"], by=operator, at=NOW)

    assert [item.customer for item in simulation.customers.all()] == [action.period.customer]
    assert {item.customer for item in of_all.customers.all()} == {action.period.customer, other.period.customer}


def test_a_simulation_needs_drafts_and_periods(operator: User) -> None:
    ActionFactory.create()
    with pytest.raises(NotADraftAnyMore):
        start([PriceRuleFactory.create()], months=["2026-10"], by=operator, at=NOW)
    with pytest.raises(NothingToSimulate):
        start([PriceRuleFactory.create(draft=True)], months=["2026-09"], by=operator, at=NOW)
    assert Simulation.objects.count() == 0


def test_a_stopped_simulation_keeps_what_it_has_and_goes_no_further(operator: User) -> None:
    for _ in range(2):
        ActionFactory.create()
    draft = PriceRuleFactory.create(draft=True)
    simulation = start([draft], months=["2026-10"], by=operator, at=NOW)
    first, second = simulation.customers.order_by("pk")
    simulate_customers([first.pk], at=NOW)

    stop(simulation, by=UserFactory.create(), at=NOW)
    simulate_customers([second.pk], at=NOW)

    simulation.refresh_from_db()
    assert list(simulation.customers.order_by("pk").values_list("state", "actions_rated")) == [
        ("done", 1),
        ("stopped", 0),
    ]
    assert {each.period.customer for each in simulation.sums.all()} == {first.customer}
    assert simulation.finished_at == NOW
    assert SIMULATIONS.sweep(at=NOW) == 0


def test_a_worker_that_is_at_it_stops_within_some_seconds(operator: User) -> None:
    ActionFactory.create()
    simulation = start([PriceRuleFactory.create(draft=True)], months=["2026-10"], by=operator, at=NOW)
    # Another process stops it after this one's worker has started.
    Simulation.objects.update(stopped_at=NOW)

    run(simulation)

    (item,) = simulation.customers.all()
    assert (item.state, item.actions_rated, simulation.sums.count()) == ("stopped", 0, 0)


def test_a_customer_whose_worker_died_is_handed_out_again_after_an_hour(operator: User) -> None:
    action = ActionFactory.create()
    draft = PriceRuleFactory.create(draft=True, priority=1)
    simulation = start([draft], months=["2026-10"], by=operator, at=NOW)
    (item,) = simulation.customers.all()
    assert SIMULATIONS.sweep(at=NOW) == 1
    SimulatedCustomer.objects.update(state="running", attempts=1, next_attempt_at=NOW + SIMULATIONS.lease)
    SimulatedSum.objects.create(
        simulation=simulation, period=action.period, action_type=action.action_type, now_amount=1, then_amount=1
    )

    simulate_customers([item.pk], at=NOW + timedelta(minutes=59))
    assert (SIMULATIONS.sweep(at=NOW + timedelta(minutes=59)), SimulatedSum.objects.count()) == (0, 1)

    later = NOW + timedelta(minutes=61)
    assert SIMULATIONS.sweep(at=later) == 1
    simulate_customers([item.pk], attempt=1, at=later)
    item.refresh_from_db()
    assert (item.state, simulation.sums.get(rule=draft).then_charges, SIMULATIONS.sweep(at=later)) == ("done", 1, 0)


def test_a_fault_of_one_customer_is_told_and_stops_no_other(operator: User, caplog: pytest.LogCaptureFixture) -> None:
    ActionFactory.create()
    draft = PriceRuleFactory.create(draft=True, price_model="graduated", unit_price=None)

    simulation = run(start([draft], months=["2026-10"], by=operator, at=NOW))

    (item,) = simulation.customers.all()
    assert (item.state, item.message) == ("failed", "ValueError: Tiers must ascend, and the last one must have no end.")
    assert simulation.finished_at == NOW


def test_periods_that_were_waiting_to_be_rated_are_told(operator: User) -> None:
    action = ActionFactory.create()
    UnratedMark.objects.create(period=action.period, reason="intake")

    simulation = run(start([PriceRuleFactory.create(draft=True)], months=["2026-10"], by=operator, at=NOW))

    assert simulation.customers.get().behind == 1


def test_memory_does_not_grow_with_the_actions(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_period, "AT_A_TIME", 50)
    PriceRuleFactory.create()
    draft = PriceRuleFactory.create(draft=True, priority=1, unit_price=Decimal(3))
    lead = LeadFactory.create()
    peaks = []
    for month, count in ((SEPTEMBER, 100), (OCTOBER, 2_000)):
        period = BillingPeriodFactory.create(customer=lead.product.customer, month=month)
        first = ActionFactory.create(lead=lead, period=period, occurred_at=period.start_at)
        copies = [
            type(first)(
                lead=lead, external_id=f"{month}-{n}", action_type=first.action_type, period=period,
                delivery=first.delivery, occurred_at=period.start_at,
            )
            for n in range(count)
        ]  # fmt: skip
        type(first).objects.bulk_create(copies)
        del copies
        simulation = start([draft], months=[str(month)], by=operator, at=NOW)
        tracemalloc.start()
        run(simulation)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.6 + 3_000_000


def test_a_simulation_of_nothing_and_nobody_is_refused_and_not_kept(operator: User):
    with pytest.raises(NothingChosen):
        start([], months=["2026-10"], by=operator, at=NOW)

    assert Simulation.objects.count() == 0
