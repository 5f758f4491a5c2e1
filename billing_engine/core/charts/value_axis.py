"""The scale of values: round ticks around zero, and where a value lies between the ends of a drawing."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

INTERVALS = 4
ROUND = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
ZERO = Decimal(0)
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to places: `low` is drawn at `start`, `high` at `end`."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def place(self, value: Decimal) -> Decimal:
        """Return where a value is drawn, in hundredths of a pixel."""
        share = (value - self.low) / (self.high - self.low)
        return (self.start + share * (self.end - self.start)).quantize(HUNDREDTH)


def ticks(values: Iterable[Decimal], unit: Decimal) -> tuple[Decimal, ...]:
    """Return round values from below the lowest to above the highest, zero among them, at least `unit` apart."""
    known = [ZERO, *values]
    low, high = min(known), max(known)
    step = max(unit, _round_step((high - low) / INTERVALS)) if high > low else unit
    first = (low / step).to_integral_value(ROUND_FLOOR) * step
    last = (high / step).to_integral_value(ROUND_CEILING) * step
    count = int((max(last, first + step) - first) / step)
    return tuple(first + step * place for place in range(count + 1))


def _round_step(least: Decimal) -> Decimal:
    power = Decimal(1).scaleb(least.adjusted())
    return next(each * power for each in ROUND if each * power >= least)
