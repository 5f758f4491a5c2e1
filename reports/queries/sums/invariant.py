"""An equation that must hold, with the current value of both sides and the rows that violate it."""

from dataclasses import dataclass, field
from decimal import Decimal

from billing_engine.core.counts import count_in_words
from billing_engine.core.money import price_in_words

BREACHES_KEPT = 100

Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of the equation, for example for one currency."""

    name: str
    left: Amount
    right: Amount
    currency: str = ""  # for monetary amounts

    @property
    def difference(self) -> Amount:
        return self.left - self.right


@dataclass(frozen=True, slots=True)
class Breach:
    """A row that violates the invariant."""

    model: str  # "leads.delivery"
    row: int | None  # None if it is missing
    words: str


@dataclass(slots=True)
class Invariant:
    """One of the invariants of the product."""

    number: str
    left: str
    right: str
    note: str = ""
    sides: list[Sides] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)  # only the first ones
    broken: int = 0

    @property
    def holds(self) -> bool:
        return not self.broken and all(not sides.difference for sides in self.sides)

    def add_breach(self, model: str, row: int | None, words: str) -> None:
        """Add a row that violates the invariant."""
        self.broken += 1
        if len(self.breaches) < BREACHES_KEPT:
            self.breaches.append(Breach(model, row, words))


def side_in_words(side: Amount, currency: str) -> str:
    """Format a count as `1,234`, and an amount with all its decimals."""
    return price_in_words(Decimal(side), currency) if currency else count_in_words(int(side))
