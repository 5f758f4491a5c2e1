"""A price in its parts, for invoices and explanations: the same differences that priced it, and adding up to it."""

from dataclasses import replace
from typing import NamedTuple

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
    paid_part,
    share,
)

Tiered = Graduated | Volume | GraduatedPercentage

# What is not a tier, by number: the free allowance of every model, and what the others are made of.
FREE = 0
PAID = 1  # units, started packages, or the value of which a percentage is taken
FIXED_FEE = 2
TO_MINIMUM = 3
TO_MAXIMUM = 4


class TierPart(NamedTuple):
    """What of an action fell into one tier (counted from 1; 0 is the free allowance), and what that part costs.

    `flat_fee` is what of the amount is the tier's flat fee: the action is the one that entered the tier.
    """

    tier: int
    counted: int
    amount: int
    flat_fee: int = 0


def parts(
    price: Price, before: Counted, quantity: int, value: int | None, *, total: int | None = None
) -> list[TierPart]:
    """The parts of what an action costs; `total` is the period's whole quantity, which only a volume price asks for.

    Counted are units or money value, and for the rest (packages, fees) how many.
    """
    if isinstance(price, Percentage):
        return _of_percentage(price, before, value or 0)
    if isinstance(price, GraduatedPercentage):
        return _split(price, before.value, before.value + (value or 0))
    low, high = paid_part(before.quantity, price.free_units), paid_part(before.quantity + quantity, price.free_units)
    free = quantity - (high - low)
    found = [TierPart(FREE, free, 0)] if free else []
    if high == low:
        return found
    if isinstance(price, Graduated):
        return found + _split(price, low, high)
    if isinstance(price, Volume):
        whole = before.quantity + quantity if total is None else total
        return [*found, _of_volume(price, whole, before, quantity, high - low)]
    return found + _of_blocks(price, before, quantity, high - low)


def tier_of(price: Tiered, number: int) -> tuple[Tier, int]:
    """The tier counted from 1, and where it starts."""
    start = price.tiers[number - 2].up_to if number > 1 else 0
    return price.tiers[number - 1], start or 0


def _of_volume(price: Volume, total: int, before: Counted, quantity: int, paid: int) -> TierPart:
    tier = price.tier(total)
    is_first = paid_part(before.quantity, price.free_units) == 0
    amount = price.price_within(total, before, quantity)
    return TierPart(price.tiers.index(tier) + 1, paid, amount, tier.flat_fee if is_first else 0)


def _of_blocks(price: PerUnit | Package, before: Counted, quantity: int, paid: int) -> list[TierPart]:
    amount = price.price(before, quantity, None)
    if isinstance(price, PerUnit):
        return [TierPart(PAID, paid, amount)]
    # At a price of one, what the packages cost is how many are started.
    started = replace(price, package_price=1).price(before, quantity, None)
    return [TierPart(PAID, started * MICRO, amount)] if started else []


def _of_percentage(price: Percentage, before: Counted, value: int) -> list[TierPart]:
    free = price.free_part(before, value)
    found = [TierPart(FREE, free, 0)] if free else []
    if value == free:
        return found
    percent, amount = share(value - free, price.percent), price.price(before, 0, value)
    found.append(TierPart(PAID, value - free, percent))
    if price.fixed_fee:
        found.append(TierPart(FIXED_FEE, MICRO, price.fixed_fee))
    moved = amount - percent - price.fixed_fee
    if moved:
        found.append(TierPart(TO_MINIMUM if moved > 0 else TO_MAXIMUM, MICRO, moved))
    return found


def _split(price: Graduated | GraduatedPercentage, low: int, high: int) -> list[TierPart]:
    found, start = list[TierPart](), 0
    for number, tier in enumerate(price.tiers, start=1):
        begin, end = max(low, start), high if tier.up_to is None else min(high, tier.up_to)
        if end > begin:
            amount = price.stairs.up_to(end) - price.stairs.up_to(begin)
            found.append(TierPart(number, end - begin, amount, tier.flat_fee if begin == start else 0))
        start = high if tier.up_to is None else tier.up_to
    return found
