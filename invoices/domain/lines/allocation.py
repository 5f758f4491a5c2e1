"""Allocate a line's rounded amount to its charges by largest remainder, in a stream.

`money.spread` does the same in memory. This takes two passes: the first counts how often each remainder occurs, which
decides the charges that get one unit more; the second returns each charge's share in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from billing_engine.core import money


class DoesNotAddUp(Exception):
    """A line is not the rounded sum of its charges: an invariant is broken, and the detail must not hide it."""


@dataclass(slots=True)
class Allocation:
    """The shares of one line's charges: each amount rounded down, plus one unit if its remainder exceeds `threshold`.

    The first `ties` charges whose remainder equals `threshold` get one unit more, too.
    """

    unit: Decimal
    threshold: Decimal
    ties: int

    def next_share(self, exact: Decimal) -> Decimal:
        """Return the share of the next charge."""
        share = exact.quantize(self.unit, rounding=ROUND_FLOOR)
        remainder = exact - share
        if remainder > self.threshold:
            return share + self.unit
        if remainder == self.threshold and self.ties:
            self.ties -= 1
            return share + self.unit
        return share

    def skip(self, *, floors: Decimal, above: int, ties: int) -> Decimal:
        """Skip charges, given the sum of their floors and how many lie above and at the threshold; return their shares' sum."""
        taken = min(self.ties, ties)
        self.ties -= taken
        return floors + (above + taken) * self.unit


def allocate(
    amount: Decimal, *, floors: Decimal, remainders: Iterable[tuple[Decimal, int]], currency: str
) -> Allocation:
    """Allocate `amount`: `floors` is the sum of the charges rounded down; remainders come largest first, with counts.

    Raises DoesNotAddUp if the charges cannot add up to the amount.
    """
    unit = money.minor_unit(currency)
    left = int((amount - floors) / unit)
    if left < 0:
        raise DoesNotAddUp(f"The charges add up to more than {amount} {currency}.")
    for remainder, count in remainders:
        if left <= count:
            return Allocation(unit, remainder, left)
        left -= count
    if left:
        raise DoesNotAddUp(f"The charges add up to less than {amount} {currency}.")
    return zero_allocation(currency)


def zero_allocation(currency: str) -> Allocation:
    """Return the allocation of a line without charged amounts: every share is zero."""
    unit = money.minor_unit(currency)
    return Allocation(unit, unit, 0)
