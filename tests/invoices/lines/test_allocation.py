"""Allocating a line in a stream gives the same shares as allocating it in memory."""

from collections import Counter
from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core import money
from invoices.domain.lines.allocation import Allocation, DoesNotAddUp, allocate

CURRENCIES = ("USD", "JPY", "KWD")
# Few remainders, so that many are alike; and any.
AMOUNTS = st.lists(
    st.one_of(
        st.sampled_from([Decimal(text) for text in ("0", "0.005", "0.004999", "0.5", "1.25", "2.5", "0.0005", "7")]),
        st.decimals(0, 10_000, places=6),
    ),
    max_size=60,
)


def told(amounts: list[Decimal], currency: str) -> Allocation:
    """As the database tells it: the sum of the floors, and how often each remainder occurs."""
    unit = money.minor_unit(currency)
    floors = [amount.quantize(unit, rounding=ROUND_FLOOR) for amount in amounts]
    counted = Counter(amount - floor for amount, floor in zip(amounts, floors, strict=True))
    total = money.rounded(sum(amounts, money.ZERO), currency)
    return allocate(
        total, floors=sum(floors, money.ZERO), remainders=sorted(counted.items(), reverse=True), currency=currency
    )


@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_shares_are_those_of_the_largest_remainder_and_add_up_to_the_line(
    amounts: list[Decimal], currency: str
) -> None:
    allocation = told(amounts, currency)

    assert [allocation.next_share(amount) for amount in amounts] == money.spread(amounts, currency)


@given(AMOUNTS, st.sampled_from(CURRENCIES), st.data())
def test_a_page_in_the_middle_shows_the_shares_of_the_whole(amounts: list[Decimal], currency: str, data: st.DataObject):
    first = data.draw(st.integers(0, len(amounts)))
    page, whole = told(amounts, currency), money.spread(amounts, currency)
    floors = [amount.quantize(page.unit, rounding=ROUND_FLOOR) for amount in amounts[:first]]
    remainders = [amount - floor for amount, floor in zip(amounts, floors, strict=False)]

    before = page.skip(
        floors=sum(floors, money.ZERO),
        above=sum(remainder > page.threshold for remainder in remainders),
        ties=sum(remainder == page.threshold for remainder in remainders),
    )

    assert before == sum(whole[:first], money.ZERO)
    assert [page.next_share(amount) for amount in amounts[first:]] == whole[first:]


@given(st.lists(st.decimals(0, 100, places=6), min_size=1), st.sampled_from(CURRENCIES))
def test_no_share_is_a_unit_away_from_what_was_charged(amounts: list[Decimal], currency: str) -> None:
    allocation = told(amounts, currency)

    assert all(abs(allocation.next_share(amount) - amount) < allocation.unit for amount in amounts)


@pytest.mark.parametrize("amount", ["0.99", "1.03"])
def test_charges_that_do_not_add_up_to_the_line_raise_an_error(amount: str) -> None:
    with pytest.raises(DoesNotAddUp):
        allocate(Decimal(amount), floors=Decimal(1), remainders=[(Decimal("0.005"), 2)], currency="USD")
