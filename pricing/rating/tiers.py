"""Step 4: the price models. Each is a cumulative price function `F`, so that splitting a quantity never changes its price."""

from typing import NamedTuple

from pricing.rating.facts import MICRO, Graduated, PerUnit, Price, Tier


class TierPart(NamedTuple):
    """What of a quantity fell into one tier (counted from 1), and what that part costs."""

    tier: int
    quantity: int
    amount: int


def price(model: Price, before: int, quantity: int) -> int:
    """What `quantity` more units cost after `before` units. All in micro-units."""
    if isinstance(model, PerUnit):
        return times(quantity, model.unit_price)
    return cumulative(model, before + quantity) - cumulative(model, before)


def cumulative(model: Graduated, quantity: int) -> int:
    """`F(quantity)`: what the first `quantity` units of a period cost together."""
    total, start = 0, 0
    for tier in model.tiers:
        if quantity <= start:
            break
        inside = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += tier.flat_fee * MICRO + (inside - start) * tier.unit_price
        start = inside if tier.up_to is None else tier.up_to
    return _rounded(total)


def parts(model: Price, before: int, quantity: int) -> list[TierPart]:
    """The same price tier by tier; a flat fee is in the part that enters its tier. The parts add up to `price`."""
    if isinstance(model, PerUnit):
        return [TierPart(1, quantity, times(quantity, model.unit_price))]
    after, start, found = before + quantity, 0, list[TierPart]()
    for number, tier in enumerate(model.tiers, start=1):
        low, high = max(before, start), after if tier.up_to is None else min(after, tier.up_to)
        if high > low:
            # Up to the end of this part minus up to its start: the same differences `price` adds up.
            found.append(TierPart(number, high - low, cumulative(model, high) - cumulative(model, low)))
        start = high if tier.up_to is None else tier.up_to
    return found


def tier_of(model: Graduated, number: int) -> tuple[Tier, int]:
    """The tier counted from 1, and where it starts."""
    start = model.tiers[number - 2].up_to if number > 1 else 0
    return model.tiers[number - 1], start or 0


def times(quantity: int, unit_price: int) -> int:
    """The product of two micro-unit numbers, in micro-units, half away from zero."""
    return _rounded(quantity * unit_price)


def _rounded(product: int) -> int:
    # Neither prices nor quantities are negative, so half up is half away from zero.
    return (product + MICRO // 2) // MICRO
