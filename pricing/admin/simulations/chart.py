"""Bars that compare now and then, rendered on the server as SVG without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from pricing.admin.simulation_cells import difference
from pricing.domain.simulation.figures import Figure

BARS_SHOWN = 8
WIDTH = 1000  # of the longest bar, in SVG units


@dataclass(frozen=True, slots=True)
class Bar:
    """A customer's two bars with their labels."""

    name: str
    top: int
    now: int
    then: int
    now_words: str
    then_words: str
    difference: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one currency."""

    currency: str
    bars: list[Bar]
    height: int
    left_out: int


ROW = 46


def charts(figures: Sequence[Figure]) -> list[Chart]:
    """One chart per currency, of the customers with the largest changes; none if nothing changed."""
    found, moved = [], [figure for figure in figures if figure.difference]
    for currency in sorted({figure.currency for figure in moved}):
        own = [figure for figure in moved if figure.currency == currency]
        shown = own[:BARS_SHOWN]
        most = max((amount for figure in shown for amount in (figure.now, figure.then)), default=Decimal(0))
        bars = [_bar(figure, place, most) for place, figure in enumerate(shown)]
        found.append(Chart(currency, bars, ROW * len(bars), len(own) - len(shown)))
    return found


def _bar(figure: Figure, place: int, most: Decimal) -> Bar:
    def length(amount: Decimal) -> int:
        return int(WIDTH * amount / most) if most else 0

    return Bar(
        name=figure.name,
        top=place * ROW,
        now=length(figure.now),
        then=length(figure.then),
        now_words=money.in_words(figure.now, figure.currency),
        then_words=money.in_words(figure.then, figure.currency),
        difference=difference(figure),
    )
