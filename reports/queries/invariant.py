"""A sum that must hold, as it stands now: both sides, and the rows where they differ."""

from dataclasses import dataclass, field
from decimal import Decimal

from billing_engine.core.counts import count_in_words
from billing_engine.core.money import price_in_words

BREACHES_KEPT = 100

Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Sides:
    """One sum of it, such as that of one currency: what is told, and what it is told to be the sum of."""

    name: str
    left: Amount
    right: Amount
    currency: str = ""  # of amounts of money

    @property
    def difference(self) -> Amount:
        return self.left - self.right


@dataclass(frozen=True, slots=True)
class Breach:
    """A row for which it does not hold."""

    model: str  # "leads.delivery"
    row: int | None  # none where it is missing
    words: str


@dataclass(slots=True)
class Invariant:
    """One of the sums of product.md."""

    number: str
    left: str
    right: str
    note: str = ""
    sides: list[Sides] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)  # the first ones
    broken: int = 0

    @property
    def holds(self) -> bool:
        return not self.broken and all(not sides.difference for sides in self.sides)

    def tell(self, model: str, row: int | None, words: str) -> None:
        """One more row for which it does not hold."""
        self.broken += 1
        if len(self.breaches) < BREACHES_KEPT:
            self.breaches.append(Breach(model, row, words))


def side_in_words(side: Amount, currency: str) -> str:
    """A count as `1,234`; an amount of money with all the places it has."""
    return price_in_words(Decimal(side), currency) if currency else count_in_words(int(side))
