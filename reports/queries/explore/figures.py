"""Sums that add up over any partition, and the figures made from them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from reports.domain.question.measures import Measure

PLACES = Decimal("0.000001")


@dataclass(slots=True)
class Figures:
    """Sums by their codes; what is missing is zero."""

    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, codes: Iterable[str], values: Iterable[Decimal | int]) -> None:
        """Add values to the sums with these codes."""
        for code, value in zip(codes, values, strict=True):
            self.sums[code] = self.sums.get(code, Decimal(0)) + value

    def merge(self, other: "Figures") -> None:
        """Add another's sums."""
        self.add(other.sums, other.sums.values())

    def less(self, other: "Figures") -> "Figures":
        """The sums without another's."""
        return Figures({code: value - other.sums.get(code, Decimal(0)) for code, value in self.sums.items()})

    def value(self, measure: Measure) -> Decimal | None:
        """The figure, a ratio from its sums with six decimals; None for a ratio of nothing."""
        if not measure.of:
            return self.sums.get(measure.code, Decimal(0))
        dividend, divisor = (self.sums.get(code, Decimal(0)) for code in measure.of)
        return (dividend / divisor).quantize(PLACES) if divisor else None
