"""Amounts in words are remembered; what is remembered reads as if it were put into words for the first time."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core import money

amounts = st.decimals(-(10**9), 10**9, places=6) | st.sampled_from([Decimal(0), Decimal("-0.00"), Decimal("1.50")])


@given(
    st.lists(amounts, max_size=5), st.sampled_from(["USD", "JPY", "KWD", "CHF"]), st.sampled_from(["en_US", "de_DE"])
)
def test_a_remembered_amount_reads_as_a_new_one(asked: list[Decimal], currency: str, locale: str):
    with money.read_in(locale):
        remembered = [(money.price_in_words(each, currency), money.number_in_words(each)) for each in asked * 2]
        for each, words in zip(asked * 2, remembered, strict=True):
            money._amount.cache_clear()
            money._number.cache_clear()
            assert (money.price_in_words(each, currency), money.number_in_words(each)) == words
