"""The price models, on plain values, without a database."""

from dataclasses import replace

from pricing.rating.prices import (
    MICRO,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    Volume,
)
from tests.pricing.world import AN_ORDER, ANY, rated


def priced(model: Price, *sent: tuple[int, int | None]) -> list[int]:
    """The price of each of the actions, given as whole (quantity, value); in units of money times 1,000."""
    actions = [
        AN_ORDER._replace(id=place, quantity=quantity * MICRO, value=None if value is None else value * MICRO)
        for place, (quantity, value) in enumerate(sent)
    ]
    return [decision.amount // 1_000 for decision in rated(*actions, rules=[replace(ANY, price=model)])]


def test_free_units_come_before_units_tiers_and_packages():
    tiers = (Tier(2 * MICRO, 2 * MICRO), Tier(None, MICRO))
    sent = [(1, None), (2, None), (3, None)]

    assert priced(PerUnit(MICRO, free_units=2 * MICRO), *sent) == [0, 1_000, 3_000]
    assert priced(Graduated(tiers, free_units=2 * MICRO), *sent) == [0, 2_000, 4_000]
    assert priced(Package(2 * MICRO, 5 * MICRO, free_units=2 * MICRO), *sent) == [0, 5_000, 5_000]
    assert priced(Volume(tiers, free_units=2 * MICRO), *sent) == [0, 1_000, 3_000]


def test_a_package_is_paid_by_the_action_that_opens_it():
    assert priced(Package(10 * MICRO, 5 * MICRO), (9, None), (1, None), (1, None), (20, None)) == [
        5_000,
        0,
        5_000,
        10_000,
    ]


def test_the_periods_total_picks_the_volume_tier_for_all_units_and_the_fee_falls_on_the_first():
    model = Volume((Tier(10 * MICRO, 2 * MICRO), Tier(None, MICRO, flat_fee=3 * MICRO)))

    assert priced(model, (4, None), (6, None)) == [8_000, 12_000]
    assert priced(model, (4, None), (6, None), (1, None)) == [7_000, 6_000, 1_000]


def test_a_percentage_has_a_fixed_fee_inside_its_minimum_and_maximum():
    model = Percentage(2 * MICRO, fixed_fee=MICRO // 2, minimum=2 * MICRO, maximum=10 * MICRO)

    assert priced(model, (1, 10), (1, 100), (1, 1_000)) == [2_000, 2_500, 10_000]


def test_an_action_without_a_value_or_of_value_zero_costs_nothing():
    assert priced(Percentage(2 * MICRO, fixed_fee=MICRO, minimum=MICRO), (1, None), (1, 0)) == [0, 0]


def test_the_action_that_crosses_the_free_value_pays_for_what_is_above_it_and_the_fixed_fee():
    model = Percentage(10 * MICRO, fixed_fee=MICRO, free_value=100 * MICRO)

    assert priced(model, (1, 60), (1, 60), (1, 60)) == [0, 3_000, 7_000]


def test_the_free_part_of_a_percentage_ends_with_whichever_runs_out_first():
    both = Percentage(10 * MICRO, free_actions=2, free_value=100 * MICRO)

    assert priced(both, (1, 10), (1, 10), (1, 10)) == [0, 0, 1_000]
    assert priced(both, (1, 90), (1, 30), (1, 10)) == [0, 2_000, 1_000]
    assert priced(Percentage(10 * MICRO, free_actions=1), (1, 1_000), (1, 10)) == [0, 1_000]


def test_a_graduated_percentage_has_tiers_of_value():
    model = GraduatedPercentage((Tier(1_000 * MICRO, 2 * MICRO), Tier(None, MICRO, flat_fee=5 * MICRO)))

    assert priced(model, (1, 600), (1, 600), (1, 100), (1, None)) == [12_000, 8_000 + 5_000 + 2_000, 1_000, 0]
