"""Exact arithmetic in micro-units: integers of which a million make one, rounded half away from zero."""

from typing import NewType

# Micro-units of money, units or percent; whole things (actions, days) are plain integers. Results are rounded to them.
Micro = NewType("Micro", int)
ZERO = Micro(0)

MICRO = 1_000_000
HALF = MICRO // 2
PERCENT = 100 * MICRO  # a percent in micro-units, of an amount


def between(low: int, high: int, unit_price: int) -> int:
    """`F(high) − F(low)` for units × price, in micro-units, each rounded half away from zero."""
    return _rounded(high * unit_price, MICRO) - _rounded(low * unit_price, MICRO)


def share(value: int, percent: int) -> int:
    """Percent of a value, in micro-units, half away from zero."""
    return _rounded(value * percent, PERCENT)


def paid_part(counted: int, free: int) -> int:
    """The part of a quantity beyond the free allowance."""
    return counted - free if counted > free else 0


def _rounded(product: int, scale: int) -> int:
    # Neither prices nor quantities are negative, so half up is half away from zero.
    return (product + scale // 2) // scale
