"""Sums that add up over any partition, and the figures made from them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from reports.domain.question.measures import Measure

PLACES, ZERO = Decimal("0.000001"), Decimal(0)


@dataclass(slots=True)
class Figures:
    """Sums by their codes; what is missing is zero."""

    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, codes: Iterable[str], values: Iterable[Decimal | int]) -> None:
        """Add values to the sums with these codes."""
        self._add(zip(codes, values, strict=True))

    def merge(self, other: "Figures") -> None:
        """Add another's sums."""
        if self.sums:
            self._add(other.sums.items())
        else:  # most groups of a long answer have one row
            self.sums = other.sums.copy()

    def _add(self, values: Iterable[tuple[str, Decimal | int]]) -> None:
        sums = self.sums
        for code, value in values:
            sums[code] = sums.get(code, ZERO) + value

    def less(self, other: "Figures") -> "Figures":
        """The sums without another's."""
        return Figures({code: value - other.sums.get(code, ZERO) for code, value in self.sums.items()})

    def value(self, measure: Measure) -> Decimal | None:
        """The figure, a ratio from its sums with six decimals; None for a ratio of nothing."""
        if not measure.of:
            return self.sums.get(measure.code, ZERO)
        dividend, divisor = (self.sums.get(code, ZERO) for code in measure.of)
        return (dividend / divisor).quantize(PLACES) if divisor else None
