"""Charges between two borders of a price can be added up before they are split: the parts are those of each, added up."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from pricing.rating.prices import (
    MICRO,
    Counted,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    TierPart,
    Together,
    Volume,
)

amounts = st.integers(min_value=0, max_value=5 * MICRO)
sizes = st.sampled_from([0, 1, MICRO // 2, MICRO, 2 * MICRO, 3 * MICRO + 7, 9 * MICRO])
free = st.sampled_from([0, MICRO, 7 * MICRO // 2, 20 * MICRO])
Parts = Counter[tuple[int, int, str]]


@st.composite
def steps(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(st.integers(min_value=1, max_value=60), max_size=4)))
    return tuple(Tier(end, draw(amounts), draw(amounts)) for end in [*(each * MICRO // 2 for each in ends), None])


prices: st.SearchStrategy[Price] = st.one_of(
    st.builds(PerUnit, amounts, free),
    st.builds(Graduated, steps(), free),
    st.builds(Volume, steps(), free),
    st.builds(Package, st.integers(1, 5 * MICRO), amounts, free),
    st.builds(Percentage, amounts, amounts, st.none(), st.none(), st.just(0), free),
    st.builds(GraduatedPercentage, steps()),
)
charges = st.lists(st.tuples(sizes, st.none() | sizes, st.integers(0, 2)), max_size=40)


def add(sums: Parts, line: int, parts: Iterable[TierPart]) -> None:
    for part in parts:
        sums[line, part.tier, "counted"] += part.counted
        sums[line, part.tier, "amount"] += part.amount
        sums[line, part.tier, "fee"] += part.flat_fee


@given(prices, charges)
def test_the_parts_of_charges_between_two_borders_are_those_of_each_added_up(
    price: Price, sent: list[tuple[int, int | None, int]]
):
    """Each charge is of one of three lines; what crosses a border or begins at one is split by itself, as SUMMED does."""
    borders = price.borders
    if borders is None:
        return
    one_by_one, together = Parts(), Parts()
    stretches: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    total, before = sum(quantity for quantity, _, _ in sent), Counted()
    for quantity, value, line in sent:
        parts = list(price.parts(before, quantity, value, total=total))
        add(one_by_one, line, parts)
        begin, counted = (before.value, value or 0) if price.is_of_value else (before.quantity, quantity)
        place = bisect_right(borders, begin)
        end = borders[place] if place < len(borders) else begin + counted
        if counted and (begin == borders[place - 1] or begin + counted > end):
            add(together, line, parts)
        else:
            full = price.price_within(total, before, quantity, value)
            stretches.setdefault((line, place), []).append((begin, counted, full))
        before = Counted(before.actions + 1, before.quantity + quantity, before.value + (value or 0))
    for (line, _), some in stretches.items():
        counting = [begin for begin, counted, _ in some if counted]
        sums = sum(counted for _, counted, _ in some), sum(full for _, _, full in some)
        add(
            together,
            line,
            price.parts_together(Together(min(counting, default=0), len(counting), *sums), total=total),
        )

    assert +together == +one_by_one


def test_prices_whose_parts_depend_on_more_than_where_an_action_begins_have_no_borders():
    assert Percentage(MICRO, free_actions=1).borders is None
    assert Percentage(MICRO, minimum=MICRO).borders is None
    assert Percentage(MICRO, maximum=MICRO).borders is None
    assert Package(MICRO, 0).borders is None
