"""The small table of an email: the largest groups, all others in one row, and the total of the data."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing_engine.core.counts import count_in_words
from reports.queries.explore.answer import Answer, Group
from reports.queries.explore.figures import Figures
from reports.queries.explore.shown.table import figure_in_words

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A name and its figures, as they are read."""

    name: str
    figures: list[str]


@dataclass(frozen=True, slots=True)
class SmallTable:
    """The groups of one currency by the first thing that the question groups by."""

    by: str
    heads: list[str]
    lines: list[Line]
    total: Line

    @property
    def as_text(self) -> str:
        """The table in columns, for emails without HTML."""
        rows = [Line(self.by, self.heads), *self.lines, self.total]
        first = max(len(row.name) for row in rows)
        widths = [max(len(row.figures[place]) for row in rows) for place, _ in enumerate(self.heads)]
        return "\n".join(
            "  ".join(
                [row.name.ljust(first), *(each.rjust(width) for each, width in zip(row.figures, widths, strict=True))]
            )
            for row in rows
        )


def small_tables(answer: Answer) -> list[SmallTable]:
    """One table for each currency."""
    return [_small_table(answer, currency, whole) for currency, whole in answer.by_currency.items()]


def _small_table(answer: Answer, currency: str, whole: Group) -> SmallTable:
    groups = list(whole.inside.values())
    shown = groups if len(groups) <= SHOWN + 1 else groups[:SHOWN]
    lines = [_line(answer, currency, each.name.words, each.total) for each in shown]
    if left := groups[len(shown) :]:
        rest = whole.total.less(_sum(each.total for each in shown))
        lines.append(_line(answer, currency, f"All others ({count_in_words(len(left))})", rest))
    by = answer.question.dimensions[0].name if answer.question.group else ""
    total = _line(answer, currency, f"Total, {currency}" if currency else "Total", whole.total)
    return SmallTable(by, [measure.name for measure in answer.question.measures], lines, total)


def _sum(figures: Iterable[Figures]) -> Figures:
    summed = Figures()
    for each in figures:
        summed.merge(each)
    return summed


def _line(answer: Answer, currency: str, name: str, figures: Figures) -> Line:
    measures = answer.question.measures
    return Line(name, [figure_in_words(figures.value(each), each, currency).words for each in measures])
