"""The rating rules of `pricing/README.md`, on plain values, without a database: excluding, matching, counting."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.rating.exclude import REASONS
from pricing.rating.instants import moment
from pricing.rating.prices import (
    MICRO,
    Counted,
    Graduated,
    PerUnit,
    Tier,
)
from pricing.rating.values import (
    ActionFacts,
    CustomerFacts,
    Decision,
)
from tests.pricing.world import (
    A_SECOND,
    ACME,
    AN_ORDER,
    ANY,
    CUSTOMER,
    INTERNAL,
    NOON,
    ORDER,
    OTHER,
    SHOW,
    STONE,
    TIERS,
    TILE,
    VIEW,
    WEB,
    rated,
    winner,
)


def test_an_action_is_charged_its_quantity_times_the_unit_price():
    three = AN_ORDER._replace(quantity=3 * MICRO)

    assert rated(three, rules=[ANY]) == [Decision(1, ANY.id, "", 6 * MICRO, 6 * MICRO, (), 0)]


def test_an_action_that_no_rule_matches_is_neither_free_nor_excluded_but_unrated():
    [decision] = rated(AN_ORDER, rules=[replace(ANY, action_type=VIEW)])

    assert decision == Decision(1, None, "", 0, 0, (), 0)
    assert decision.is_unrated


def test_a_deliberate_rule_at_price_zero_charges_zero():
    [decision] = rated(AN_ORDER, rules=[replace(ANY, price=PerUnit(0))])

    assert decision == Decision(1, ANY.id, "", 0, 0, (), 0)
    assert not decision.is_unrated


@pytest.mark.parametrize(
    ("action", "customer", "reason"),
    [
        (AN_ORDER._replace(is_voided=True), CUSTOMER, "voided"),
        (AN_ORDER._replace(action_type=INTERNAL), CUSTOMER, "not_billable"),
        (AN_ORDER._replace(is_test=True), CUSTOMER, "test_lead"),
        (AN_ORDER, replace(CUSTOMER, contract_start=NOON + A_SECOND), "outside_contract"),
        (AN_ORDER, replace(CUSTOMER, contract_end=NOON), "outside_contract"),
        (AN_ORDER, replace(CUSTOMER, excluded_domains=frozenset({"studio.example"})), "excluded_contact"),
        (AN_ORDER._replace(is_waived=True), CUSTOMER, "waived"),
        (AN_ORDER._replace(is_disputed=True), CUSTOMER, "disputed"),
    ],
)
def test_what_is_excluded_costs_zero_and_says_why(action: ActionFacts, customer: CustomerFacts, reason: str):
    assert rated(action, rules=[ANY], customer=customer) == [Decision(1, None, reason, 0, 0, (), 0)]


def test_of_several_exclusions_the_first_in_order_is_given():
    everything = AN_ORDER._replace(action_type=INTERNAL, is_test=True, is_voided=True, is_waived=True, is_disputed=True)
    customer = replace(CUSTOMER, contract_end=NOON, excluded_domains=frozenset({"studio.example"}))
    seen = []
    for mended in ({}, {"is_voided": False}, {"action_type": ORDER}, {"is_test": False}):
        everything = everything._replace(**mended)
        seen += [rated(everything, rules=[ANY], customer=customer)[0].reason]
    customer = replace(customer, contract_end=None)
    for undisputed in (everything, everything._replace(is_disputed=False)):
        seen += [rated(undisputed, rules=[ANY], customer=customer)[0].reason]
    everything = everything._replace(is_disputed=False)
    seen += [rated(everything, rules=[ANY])[0].reason]

    assert tuple(seen) == REASONS[:7]


def test_a_contract_day_is_half_open_at_the_instant():
    starts_now = replace(CUSTOMER, contract_start=NOON)

    assert rated(AN_ORDER, rules=[ANY], customer=starts_now)[0].reason == ""


def test_excluded_actions_do_not_use_up_tiers():
    voided = AN_ORDER._replace(id=1, quantity=10 * MICRO, is_voided=True)
    counted = AN_ORDER._replace(id=2)

    assert rated(voided, counted, rules=[replace(ANY, price=TIERS)])[1] == Decision(2, 1, "", MICRO, MICRO, (), 0)


def test_a_rule_for_the_customer_beats_a_rule_for_the_action_type():
    for_acme = replace(ANY, id=2, customer=ACME)
    for_orders = replace(ANY, id=3, action_type=ORDER)

    assert winner(ANY, for_orders, for_acme) == for_acme


def test_specificity_compares_customer_product_category_source_channel_action_type_in_this_order():
    ladder = [
        replace(ANY, id=10, customer=ACME),
        replace(ANY, id=11, product=TILE),
        replace(ANY, id=12, category="tiles"),
        replace(ANY, id=13, source=WEB),
        replace(ANY, id=14, channel="website"),
        replace(ANY, id=15, action_type=ORDER),
        ANY,
    ]

    assert [winner(*reversed(ladder[step:])) for step in range(len(ladder))] == ladder


def test_one_more_specific_dimension_beats_all_that_come_after_it():
    for_product = replace(ANY, id=2, product=TILE)
    everything_below = replace(ANY, id=3, category="tiles", source=WEB, channel="website", action_type=ORDER)

    assert winner(everything_below, for_product) == for_product


def test_priority_beats_specificity():
    specific = replace(ANY, id=2, customer=ACME, product=TILE, action_type=ORDER)
    urgent = replace(ANY, id=3, priority=1)

    assert winner(specific, urgent) == urgent


def test_of_equals_the_later_effective_from_wins():
    older = replace(ANY, id=3, customer=ACME)
    newer = replace(ANY, id=2, customer=ACME, effective_from=moment(datetime(2026, 2, 1, tzinfo=UTC)))

    assert winner(older, newer) == newer


def test_a_rule_is_effective_from_its_start_until_just_before_its_end():
    ends = replace(ANY, id=2, effective_to=NOON)
    starts = replace(ANY, id=3, effective_from=NOON)

    assert winner(ends, starts) == starts
    assert winner(ends, starts, action=AN_ORDER._replace(occurred_at=NOON - 1)) == ends
    assert winner(ends) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"customer": OTHER},
        {"product": STONE},
        {"category": "stone"},
        {"source": SHOW},
        {"channel": "trade_show"},
        {"action_type": VIEW},
        {"currency": "EUR"},
    ],
)
def test_a_rule_that_fixes_something_else_does_not_match(elsewhere: dict[str, object]):
    assert winner(replace(ANY, **elsewhere)) is None


def test_unit_ten_belongs_to_the_tier_up_to_ten_and_unit_eleven_to_the_next():
    actions = [AN_ORDER._replace(id=place) for place in range(1, 13)]

    amounts = [decision.amount for decision in rated(*actions, rules=[replace(ANY, price=TIERS)])]

    assert amounts == [MICRO] * 10 + [MICRO // 2 + 5 * MICRO, MICRO // 2]


def test_revisions_of_one_rule_count_their_quantities_together():
    old = replace(ANY, id=1, lineage=1, price=TIERS, effective_to=NOON)
    new = replace(ANY, id=2, lineage=1, price=TIERS, effective_from=NOON)
    before = AN_ORDER._replace(id=1, quantity=10 * MICRO, occurred_at=NOON - 3600 * A_SECOND)

    first, second = rated(before, AN_ORDER._replace(id=2), rules=[old, new])

    assert (first.rule, first.amount) == (1, 10 * MICRO)
    assert second == Decision(2, 2, "", MICRO // 2 + 5 * MICRO, MICRO // 2 + 5 * MICRO, (), 10 * MICRO)


def test_without_an_action_nothing_is_due_not_even_a_flat_fee():
    with_fee = Graduated((Tier(None, MICRO, flat_fee=5 * MICRO),))

    assert with_fee.price(Counted(), 0, None) == 0
    assert with_fee.price(Counted(), 1, None) == 5 * MICRO + 1


def test_tiers_ascend_and_the_last_one_has_no_end():
    for wrong in (
        (),
        (Tier(5, 1),),
        (Tier(None, 1), Tier(None, 2)),
        (Tier(5, 1), Tier(3, 1), Tier(None, 1)),
        (Tier(5, 1), Tier(5, 1), Tier(None, 1)),
    ):
        with pytest.raises(ValueError, match="Tiers must ascend"):
            Graduated(wrong)


def test_a_hard_budget_is_charged_to_the_last_cent_and_no_further():
    customer = replace(CUSTOMER, hard_budget=5 * MICRO)
    actions = [AN_ORDER._replace(id=place) for place in range(1, 5)]

    assert rated(*actions, rules=[ANY], customer=customer) == [
        Decision(1, 1, "", 2 * MICRO, 2 * MICRO, (), 0),
        Decision(2, 1, "", 2 * MICRO, 2 * MICRO, (), MICRO),
        Decision(3, 1, "", 1 * MICRO, 2 * MICRO, (("budget", MICRO),), 2 * MICRO),
        Decision(4, 1, "", 0, 2 * MICRO, (("budget", 2 * MICRO),), 3 * MICRO),
    ]


quantities = st.integers(min_value=0, max_value=10**15)
small = st.integers(min_value=0, max_value=10**12)


@st.composite
def graduated(draw: st.DrawFn) -> Graduated:
    ends = sorted(draw(st.sets(st.integers(min_value=1, max_value=10**13), max_size=5)))
    return Graduated(tuple(Tier(end, draw(small), draw(small)) for end in [*ends, None]))


@given(graduated(), quantities, st.lists(quantities, max_size=6))
def test_splitting_a_quantity_never_changes_its_price(model: Graduated, before: int, split: list[int]):
    total, at = 0, before
    for quantity in split:
        total += model.price(Counted(0, at), quantity, None)
        at += quantity

    assert total == model.price(Counted(0, before), sum(split), None)


@given(graduated(), quantities, quantities)
def test_the_parts_of_a_price_add_up_to_it_and_none_is_negative(model: Graduated, before: int, quantity: int):
    found = list(model.parts(Counted(0, before), quantity, None))

    assert sum(part.amount for part in found) == model.price(Counted(0, before), quantity, None)
    assert sum(part.counted for part in found) == quantity
    assert all(part.amount >= 0 and part.counted > 0 for part in found)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.booleans()), max_size=30), st.integers(0, 10**8), graduated())
def test_the_same_values_in_give_the_same_decisions_out_and_a_hard_budget_is_never_exceeded(
    sent: list[tuple[int, bool]], budget: int, model: Graduated
):
    actions = [AN_ORDER._replace(id=place, quantity=size, is_test=test) for place, (size, test) in enumerate(sent)]
    customer = replace(CUSTOMER, hard_budget=budget)
    once = rated(*actions, rules=[replace(ANY, price=model)], customer=customer)

    assert rated(*actions, rules=[replace(ANY, price=model)], customer=customer) == once
    assert [decision.action for decision in once] == [action.id for action in actions]
    assert sum(decision.amount for decision in once) <= budget
    assert all(0 <= decision.amount <= decision.full_amount for decision in once)
