"""The parts of a price add up to it, for every model."""

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
    Volume,
)
from pricing.rating.prices.model import FREE, TO_MAXIMUM

numbers = st.integers(min_value=0, max_value=10**12)
maybe = st.none() | numbers


@st.composite
def steps(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(st.integers(min_value=1, max_value=10**12), max_size=4)))
    return tuple(Tier(end, draw(numbers), draw(numbers)) for end in [*ends, None])


prices: st.SearchStrategy[Price] = st.one_of(
    st.builds(PerUnit, numbers, numbers),
    st.builds(Graduated, steps(), numbers),
    st.builds(Volume, steps(), numbers),
    st.builds(Package, st.integers(1, 10**9), numbers, numbers),
    st.builds(Percentage, numbers, numbers, maybe, maybe, st.integers(0, 5), numbers),
    st.builds(GraduatedPercentage, steps()),
)
counted = st.builds(Counted, st.integers(0, 9), numbers, numbers)


@given(prices, counted, numbers, maybe, numbers)
def test_the_parts_of_any_price_add_up_to_it(
    price: Price, before: Counted, quantity: int, value: int | None, later: int
):
    total = before.quantity + quantity + later
    whole = (
        price.price_within(total, before, quantity)
        if isinstance(price, Volume)
        else price.price(before, quantity, value)
    )

    found = list(price.parts(before, quantity, value, total=total))

    assert sum(part.amount for part in found) == whole
    assert all(part.counted > 0 for part in found)
    assert all(part.amount >= part.flat_fee >= 0 for part in found if part.tier != TO_MAXIMUM)


@given(prices, counted, numbers, maybe)
def test_what_is_free_costs_nothing(price: Price, before: Counted, quantity: int, value: int | None):
    assert [part.amount for part in price.parts(before, quantity, value) if part.tier == FREE] in ([], [0])


def test_the_action_that_enters_a_tier_pays_its_flat_fee():
    price = Graduated((Tier(2 * MICRO, MICRO), Tier(None, MICRO, 5 * MICRO)))

    fees = [next(price.parts(Counted(0, at * MICRO), MICRO, None)).flat_fee for at in range(4)]

    assert fees == [0, 0, 5 * MICRO, 0]
