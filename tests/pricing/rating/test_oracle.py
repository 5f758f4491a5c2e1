"""Each price model against an independent calculation without shared code: naive, with fractions, bucket by bucket."""

from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.rating.period import rate_period
from pricing.rating.prices import MICRO, Tier
from pricing.rating.values import ActionFacts, CustomerFacts, RuleFacts
from tests.pricing import rule_sets
from tests.pricing.rule_sets import CATALOG, MINUTE, PRODUCTS, SOURCES, START

Amount = Fraction
Sent = list[tuple[Amount, Amount | None]]  # quantity and value of each action


def rounded(amount: Amount) -> Amount:
    """Rounded to six places, half away from zero."""
    return Fraction(floor(amount * 10**6 + Fraction(1, 2)), 10**6)


class Allowance:
    """An allowance, until it is used up."""

    def __init__(self, given: Amount) -> None:
        self.left = given

    def rest(self, wanted: Amount) -> Amount:
        """How much of the quantity must be paid for."""
        taken = min(self.left, wanted)
        self.left -= taken
        return wanted - taken


class Buckets:
    """Tiers as buckets that fill up in turn."""

    def __init__(self, tiers: tuple[Tier, ...], scale: int) -> None:
        ends = [None if tier.up_to is None else of(tier.up_to) for tier in tiers]
        starts = [Fraction(0), *ends[:-1]]
        self.rooms = [None if end is None else end - start for start, end in zip(starts, ends, strict=True)]
        self.rates = [of(tier.rate) / scale for tier in tiers]
        self.fees = [of(tier.flat_fee) for tier in tiers]
        self.entered = [False] * len(tiers)
        self.cost = Fraction(0)

    def pour(self, much: Amount) -> Amount:
        """The price, to six places of the sum so far."""
        was = rounded(self.cost)
        for place, room in enumerate(self.rooms):
            part = much if room is None else min(room, much)
            if not part:
                continue
            if not self.entered[place]:
                self.entered[place] = True
                self.cost += self.fees[place]
            self.cost += part * self.rates[place]
            if room is not None:
                self.rooms[place] = room - part
            much -= part
        return rounded(self.cost) - was


class Meter:
    """Units at one price, each action to six places of the sum so far."""

    def __init__(self, price: Amount) -> None:
        self.price, self.cost = price, Fraction(0)

    def run(self, much: Amount) -> Amount:
        was = rounded(self.cost)
        self.cost += much * self.price
        return rounded(self.cost) - was


def of(micro: int) -> Amount:
    return Fraction(micro, MICRO)


def per_unit(price: Any, sent: Sent) -> list[Amount]:
    free, meter = Allowance(of(price.free_units)), Meter(of(price.unit_price))
    return [meter.run(free.rest(quantity)) for quantity, _ in sent]


def graduated(price: Any, sent: Sent) -> list[Amount]:
    free, buckets = Allowance(of(price.free_units)), Buckets(price.tiers, 1)
    return [buckets.pour(free.rest(quantity)) for quantity, _ in sent]


def volume(price: Any, sent: Sent) -> list[Amount]:
    total = max(Fraction(0), sum((quantity for quantity, _ in sent), Fraction(0)) - of(price.free_units))
    [tier, *_] = [tier for tier in price.tiers if tier.up_to is None or total <= of(tier.up_to)]
    free, fee, found = Allowance(of(price.free_units)), of(tier.flat_fee), []
    meter = Meter(of(tier.rate))
    for quantity, _ in sent:
        paid = free.rest(quantity)
        found.append(meter.run(paid) + (fee if paid else 0))
        fee = Fraction(0) if paid else fee
    return found


def package(price: Any, sent: Sent) -> list[Amount]:
    free, room, found = Allowance(of(price.free_units)), Fraction(0), []
    for quantity, _ in sent:
        wanted, begun = free.rest(quantity), 0
        if wanted > room:
            missing = wanted - room
            begun = missing // of(price.package_size) + bool(missing % of(price.package_size))
        room += begun * of(price.package_size) - wanted
        found.append(begun * of(price.package_price))
    return found


def percentage(price: Any, sent: Sent) -> list[Amount]:
    found, gone = [], Fraction(0)
    for place, (_, value) in enumerate(sent):
        found.append(_percentage(price, value or Fraction(0), place, gone))
        gone += value or 0
    return found


def _percentage(price: Any, value: Amount, place: int, gone: Amount) -> Amount:
    """Free is what both allowances leave free; if only one is given, that one decides."""
    by_actions = value if not price.free_actions or place < price.free_actions else Fraction(0)
    by_value = value if not price.free_value else min(value, max(Fraction(0), of(price.free_value) - gone))
    given = price.free_actions or price.free_value
    paid = value - min(by_actions, by_value) if given else value
    if not paid:
        return Fraction(0)
    amount = rounded(paid * of(price.percent) / 100) + of(price.fixed_fee)
    low = Fraction(0) if price.minimum is None else of(price.minimum)
    return max(amount, low) if price.maximum is None else min(max(amount, low), of(price.maximum))


def graduated_percentage(price: Any, sent: Sent) -> list[Amount]:
    buckets = Buckets(price.tiers, 100)
    return [buckets.pour(value or Fraction(0)) for _, value in sent]


ORACLES: dict[str, Callable[[Any, Sent], list[Amount]]] = {
    "per_unit": per_unit,
    "graduated": graduated,
    "volume": volume,
    "package": package,
    "percentage": percentage,
    "graduated_percentage": graduated_percentage,
}


@pytest.mark.parametrize("model", ORACLES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_price_model_agrees_with_the_second_reckoning(model: str, data: st.DataObject):
    price = data.draw(getattr(rule_sets, model))
    sent = data.draw(st.lists(st.tuples(rule_sets.amounts, st.none() | rule_sets.amounts), max_size=12))
    rule = RuleFacts("r", "r", price, "USD", START)
    actions = [
        ActionFacts(place, 1, "", PRODUCTS[0], SOURCES[0], "order", START + 60 * place * MINUTE, quantity, value)
        for place, (quantity, value) in enumerate(sent)
    ]

    decisions = rate_period(actions, customer=CustomerFacts("ACME", "USD"), rules=[rule], catalog=CATALOG)

    exact = [(of(quantity), None if value is None else of(value)) for quantity, value in sent]
    assert [of(decision.full_amount) for decision in decisions] == ORACLES[model](price, exact)
