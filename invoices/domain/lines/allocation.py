"""A line's rounded amount spread over its charges by largest remainder, in the order they come, however many.

`money.spread` does the same with all of them in memory; here two passes do: how often each remainder occurs decides which
charges get a unit more, and then each charge is told its share as it passes by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from billing_engine.core import money


class DoesNotAddUp(Exception):
    """A line is not the rounded sum of the charges behind it: an invariant is broken, and no detail may hide that."""


@dataclass(slots=True)
class Shares:
    """What each charge of one line gets: its amount rounded down, and a unit more above `threshold`.

    Of those whose remainder is just `threshold`, the first `ties` get it too.
    """

    unit: Decimal
    threshold: Decimal
    ties: int

    def of(self, exact: Decimal) -> Decimal:
        """The share of the next charge."""
        share = exact.quantize(self.unit, rounding=ROUND_FLOOR)
        remainder = exact - share
        if remainder > self.threshold:
            return share + self.unit
        if remainder == self.threshold and self.ties:
            self.ties -= 1
            return share + self.unit
        return share

    def after(self, *, floors: Decimal, above: int, ties: int) -> Decimal:
        """What charges that have passed by unseen came to: their floors' sum, how many lay above and at the threshold."""
        taken = min(self.ties, ties)
        self.ties -= taken
        return floors + (above + taken) * self.unit


def shares(amount: Decimal, *, floors: Decimal, remainders: Iterable[tuple[Decimal, int]], currency: str) -> Shares:
    """How `amount` is spread: `floors` is the charges' sum, each rounded down; remainders come largest first, with counts.

    Raises DoesNotAddUp where the charges cannot come to the amount.
    """
    unit = money.minor_unit(currency)
    left = int((amount - floors) / unit)
    if left < 0:
        raise DoesNotAddUp(f"The charges come to more than {amount} {currency}.")
    for remainder, count in remainders:
        if left <= count:
            return Shares(unit, remainder, left)
        left -= count
    if left:
        raise DoesNotAddUp(f"The charges come to less than {amount} {currency}.")
    return nothing_to_spread(currency)


def nothing_to_spread(currency: str) -> Shares:
    """Of a line where nothing is charged: nobody gets a unit more."""
    unit = money.minor_unit(currency)
    return Shares(unit, unit, 0)
