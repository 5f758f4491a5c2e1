"""Shares: ratios of sums."""

from decimal import Decimal


def share(part: int, whole: int) -> Decimal | None:
    """Return the part of the whole; None of nothing."""
    return Decimal(part) / whole if whole else None
