"""The tiers of some lines as columns: what of each line was counted in them, at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from billing_engine.core import money
from invoices.domain.document.content_lines import TierPart
from invoices.domain.wording import quantity_in_words
from invoices.models import InvoiceLine
from pricing.rating.prices import MODELS

MOST_COLUMNS = 5
MOST_CHARACTERS, LONGEST = 48, 13  # of all columns, each as wide as the longest figure, and of that figure

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tier:
    """The head of a column: `units 51–150`, `$2.10`."""

    name: str
    price: str


@dataclass(frozen=True, slots=True)
class TierCell:
    """What of a line was counted in a tier, with the fee that fell into it; in the last row also what it cost."""

    counted: str
    amount: str = ""


class _Part(NamedTuple):
    facts: Facts
    words: TierPart


@dataclass(frozen=True, slots=True)
class TierColumns:
    """The parts of each line by column."""

    heads: tuple[Tier, ...]
    lines: tuple[dict[Tier, _Part], ...]
    currency: str

    @classmethod
    def of(cls, lines: Sequence[tuple[InvoiceLine, Sequence[TierPart]]], currency: str) -> "TierColumns":
        parts = [{_head(part): part for part in map(_Part, stored.detail, words)} for stored, words in lines]
        places = {head: _place(part.facts) for of_line in parts for head, part in of_line.items()}
        return cls(tuple(sorted(places, key=lambda head: places[head])), tuple(parts), currency)

    @property
    def fit(self) -> bool:
        """Whether they fit on a page beside the names and sums."""
        if len(self.heads) > MOST_COLUMNS:
            return False
        cells = [cell for place in range(len(self.lines)) for cell in self.cells(place)] + list(self.sums())
        figures = [
            *(head.price for head in self.heads),
            *(text for cell in cells for text in (cell.counted, cell.amount)),
        ]
        longest = max(map(len, figures))
        return longest <= LONGEST and longest * len(self.heads) <= MOST_CHARACTERS

    def cells(self, place: int) -> tuple[TierCell, ...]:
        """Return the cells of a line."""
        return tuple(
            self._cell([self.lines[place][head]]) if head in self.lines[place] else TierCell("") for head in self.heads
        )

    def sums(self) -> tuple[TierCell, ...]:
        """Return the sums of the columns, with what each cost."""
        found = []
        for head in self.heads:
            parts = [of_line[head] for of_line in self.lines if head in of_line]
            cost = money.in_words(sum((Decimal(part.facts["amount"]) for part in parts), money.ZERO), self.currency)
            cell = self._cell(parts)
            found.append(cell if _is_cut(parts[0].facts) else TierCell(cell.counted, cost))
        return tuple(found)

    def _cell(self, parts: list[_Part]) -> TierCell:
        facts = [part.facts for part in parts]
        if _is_cut(facts[0]):
            return TierCell(money.in_words(sum((Decimal(one["amount"]) for one in facts), money.ZERO), self.currency))
        kind = next(iter(facts[0]["counted"]))
        count = sum((Decimal(one["counted"][kind]) for one in facts), money.ZERO)
        counted = money.in_words(count, self.currency) if kind == "money" else quantity_in_words(count)
        fee = sum((Decimal(one["fee"]) for one in facts if "fee" in one), money.ZERO)
        return TierCell(f"{counted} + {money.price_in_words(fee, self.currency)}" if fee else counted)


def _is_cut(facts: Facts) -> bool:
    return "cap" in facts


def _head(part: _Part) -> Tier:
    """The tier and its price, without a flat fee, which stands in the cell."""
    return Tier(part.words.tier, part.words.unit_price.split(" + ")[0])


def _place(facts: Facts) -> tuple[bool, int, Decimal]:
    """What is free comes first, tiers follow by their lower bounds, and what a cap cut comes last."""
    if _is_cut(facts):
        return True, 0, money.ZERO
    bounds = [bound[0] for number in facts["numbers"].values() for bound in number.values() if isinstance(bound, list)]
    return False, list(MODELS[facts["model"]].rows).index(facts["part"]), Decimal((bounds and bounds[0]) or 0)
