"""Properties of rating for all rules and actions."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import Month
from pricing.files.rate import Rated, rate
from pricing.files.read import RuleSet
from pricing.files.values import Placed
from pricing.rating.counters import Counters
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST
from pricing.rating.instants import instant, on_the_clock
from pricing.rating.once import key_of, pays
from pricing.rating.period import rate_period
from pricing.rating.prices import Counted, Graduated, GraduatedPercentage, Package, PerUnit, Price, Volume
from pricing.rating.values import ActionFacts, CustomerFacts, Decision, RuleFacts
from tests.pricing.rule_sets import (
    CATALOG,
    amounts,
    customers,
    graduated,
    graduated_percentage,
    package,
    per_unit,
    periods,
    rule_sets,
    streaming_prices,
    volume,
)

Actions = list[ActionFacts]
Rules = list[RuleFacts]

many = settings(max_examples=100, deadline=None)


def rated(actions: Actions, rules: Rules, customer: CustomerFacts, carried: Counters | None = None) -> list[Decision]:
    return list(rate_period(actions, customer=customer, rules=rules, catalog=CATALOG, carried=carried))


def charged(actions: Actions, decisions: list[Decision]) -> list[tuple[ActionFacts, Decision]]:
    return [pair for pair in zip(actions, decisions, strict=True) if pair[1].rule is not None and not pair[1].reason]


@many
@given(periods, rule_sets(), customers)
def test_each_action_is_decided_once_in_order_and_twice_the_same(
    actions: Actions, rules: Rules, customer: CustomerFacts
):
    once = rated(actions, rules, customer)

    assert [decision.action for decision in once] == [action.id for action in actions]
    assert rated(actions, rules, customer) == once


@many
@given(periods, rule_sets(), customers, st.randoms())
def test_neither_the_order_of_arrival_nor_that_of_the_rules_matters(
    actions: Actions, rules: Rules, customer: CustomerFacts, chance: Random
):
    shuffled = chance.sample(rules, k=len(rules))
    once = rated(actions, rules, customer)

    assert rated(actions, shuffled, customer) == once
    assert [each.decision for each in _at_the_desk(actions, rules)] == [
        each.decision for each in _at_the_desk(chance.sample(actions, k=len(actions)), shuffled)
    ]


def _at_the_desk(actions: Actions, rules: Rules) -> list[Rated]:
    month = Month(2026, 3)
    texts = [action._replace(id=f"{action.id:07}") for action in actions]
    placed = [Placed("ACME", month, action, action.product, action.source) for action in texts]
    return rate(RuleSet([_on_the_clock(rule) for rule in rules], {}, {"internal": False}), placed)


def _on_the_clock(rule: RuleFacts) -> RuleFacts:
    """The rule in the form of a file."""
    begin, end = (None if at is None else on_the_clock(instant(at)) for at in (rule.effective_from, rule.effective_to))
    return replace(rule, effective_from=begin, effective_to=end)


@many
@given(periods, rule_sets(), customers)
def test_no_charge_is_negative_and_none_is_above_its_full_price(
    actions: Actions, rules: Rules, customer: CustomerFacts
):
    for decision in rated(actions, rules, customer):
        assert 0 <= decision.amount <= decision.full_amount
        assert all(cut > 0 for _, cut in decision.cuts)
        assert decision.amount + sum(cut for _, cut in decision.cuts) == decision.full_amount
        if decision.reason or decision.is_unrated:
            assert (decision.amount, decision.full_amount, decision.cuts) == (0, 0, ())


@many
@given(periods, rule_sets(), customers)
def test_no_cap_is_ever_exceeded(actions: Actions, rules: Rules, customer: CustomerFacts):
    by_lead, by_rule = Counter[tuple[object, object]](), Counter[object]()
    for action, decision in charged(actions, rated(actions, rules, customer)):
        by_lead[decision.rule, action.lead] += decision.amount
        by_rule[decision.rule] += decision.amount
    caps = {rule.id: rule for rule in rules}

    assert [key for key, sum_ in by_lead.items() if sum_ > _limit(caps[key[0]].cap_per_lead)] == []
    assert [key for key, sum_ in by_rule.items() if sum_ > _limit(caps[key].cap_per_period)] == []
    assert sum(by_rule.values()) <= _limit(customer.hard_budget)


def _limit(cap: int | None) -> float:
    return float("inf") if cap is None else cap


@many
@given(periods, rule_sets(), customers)
def test_a_cap_trims_no_more_than_it_must(actions: Actions, rules: Rules, customer: CustomerFacts):
    """A trimmed charge has used some cap up to its last millionth."""
    by_lead, by_rule, total = Counter[tuple[object, object]](), Counter[object](), 0
    of = {rule.id: rule for rule in rules}
    for action, decision in charged(actions, rated(actions, rules, customer)):
        by_lead[decision.rule, action.lead] += decision.amount
        by_rule[decision.rule] += decision.amount
        total += decision.amount
        used = {
            "per_lead": (by_lead[decision.rule, action.lead], of[decision.rule].cap_per_lead),
            "per_period": (by_rule[decision.rule], of[decision.rule].cap_per_period),
            "budget": (total, customer.hard_budget),
        }
        if decision.cuts:
            last, _ = decision.cuts[-1]
            assert used[last][0] == used[last][1]


@many
@given(periods, rule_sets(streaming_prices, highest=False), customers, st.integers(0, 25), st.integers(0, 25))
def test_a_period_rated_in_parts_is_the_period_rated_at_once(
    actions: Actions, rules: Rules, customer: CustomerFacts, first: int, second: int
):
    low, high = sorted((first, second))
    counters = Counters()
    parts = [actions[:low], actions[low:high], actions[high:]]

    in_parts = [decision for part in parts for decision in rated(part, rules, customer, counters)]

    assert in_parts == rated(actions, rules, customer)


@many
@given(periods, rule_sets(), customers)
def test_what_is_covered_names_the_charge_that_covers_it_and_no_two_charges_cover_each_other(
    actions: Actions, rules: Rules, customer: CustomerFacts
):
    of, facts = {rule.id: rule for rule in rules}, {action.id: action for action in actions}
    decisions = rated(actions, rules, customer)
    paying = dict[object, list[ActionFacts]]()
    for action, decision in charged(actions, decisions):
        rule = of[decision.rule]
        key = key_of(action, rule)
        if rule.once and key:
            assert all(action.occurred_at - other.occurred_at >= rule.once.within for other in paying.get(key, []))
            amount, full = decision.amount, decision.full_amount
            if pays(rule.price, action.quantity, action.value, amount=amount, full=full):
                paying.setdefault(key, []).append(action)
    for decision in decisions:
        if decision.reason == ALREADY_CHARGED:
            rule, action, paid = of[decision.rule], facts[decision.action], facts[decision.paid_by]
            assert rule.once
            assert paid in paying[key_of(action, rule)]
            assert action.occurred_at - paid.occurred_at < rule.once.within


@many
@given(periods, rule_sets(), customers)
def test_of_a_leads_actions_under_a_highest_only_rule_one_at_most_is_charged(
    actions: Actions, rules: Rules, customer: CustomerFacts
):
    of = {rule.id: rule for rule in rules}
    decisions = rated(actions, rules, customer)
    counts = Counter(
        (decision.rule, action.lead)
        for action, decision in charged(actions, decisions)
        if of[decision.rule].highest_only
    )

    assert [key for key, count in counts.items() if count > 1] == []


@many
@given(periods, rule_sets(), customers)
def test_what_is_not_the_highest_names_another_action_that_is_not_not_the_highest_itself(
    actions: Actions, rules: Rules, customer: CustomerFacts
):
    reasons = {decision.action: decision for decision in rated(actions, rules, customer)}
    for decision in reasons.values():
        if decision.reason == NOT_HIGHEST:
            assert reasons[decision.paid_by].reason in ("", ALREADY_CHARGED)
            assert reasons[decision.paid_by].rule == decision.rule


@many
@given(periods, rule_sets(), customers)
def test_counting_goes_on_without_gaps(actions: Actions, rules: Rules, customer: CustomerFacts):
    quantities, values = defaultdict[object, int](int), defaultdict[object, int](int)
    for action, decision in charged(actions, rated(actions, rules, customer)):
        assert (decision.counted_before, decision.value_before) == (quantities[decision.rule], values[decision.rule])
        quantities[decision.rule] += action.quantity
        values[decision.rule] += action.value or 0


@many
@given(st.one_of(per_unit, graduated, package, graduated_percentage), amounts, st.lists(amounts, max_size=6))
def test_splitting_a_quantity_never_changes_its_price(
    price: PerUnit | Graduated | Package | GraduatedPercentage, before: int, split: list[int]
):
    assert sum(_one_by_one(price, before, split)) == price.price(Counted(0, before, before), sum(split), sum(split))


@many
@given(volume, amounts, st.lists(amounts, max_size=6), amounts)
def test_nor_does_it_under_a_volume_price(price: Volume, before: int, split: list[int], later: int):
    total, at, found = before + sum(split) + later, before, 0
    for part in split:
        found += price.price_within(total, Counted(0, at), part)
        at += part

    assert found == price.price_within(total, Counted(0, before), sum(split))


def _one_by_one(price: Price, at: int, split: list[int]) -> Iterator[int]:
    for part in split:
        yield price.price(Counted(0, at, at), part, part)
        at += part
