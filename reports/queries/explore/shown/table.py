"""An answer as a table: rows with their depth, the largest first, what does not fit as "All others", totals per currency."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.counts import count_in_words
from reports.domain.question.measures import Kind, Measure
from reports.domain.question.question import Question
from reports.queries.explore.answer import Answer, Group
from reports.queries.explore.figures import Figures
from reports.queries.explore.shown.narrowing import address_of_rows, narrowed

TIMES_SHOWN, OUTER_SHOWN, INNER_SHOWN = 100, 50, 10
CENT_OF_A_PERCENT = Decimal("0.1")
NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, its exact value if rounding hides some of it, and the address of its rows."""

    words: str
    exact: str = ""
    address: str = ""
    is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One group."""

    name: str
    more: str
    depth: int
    cells: list[Cell]
    has_inside: bool = False
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one currency and their total."""

    currency: str
    rows: list[Row]
    total: Row


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table; each heading with whether it is the figure that the columns divide."""

    groups: str
    headings: list[str]
    parts: list[Part] = field(default_factory=list)


def table_of(answer: Answer) -> Table:
    """The answer, formatted."""
    question = answer.question
    groups = " › ".join(each.name for each in question.dimensions if each.code != question.columns)
    columns = [words for _, words in answer.columns]
    names = [measure.name for measure in question.measures]
    table = Table(groups or "Everything", [*columns, *names])
    for currency, group in answer.by_currency.items():
        named = f"Total, {currency}" if currency else "Total"
        total = Row(named, "", 0, list(_cells(answer, currency, group, [])))
        table.parts.append(Part(currency, list(_rows(answer, currency, group, [])), total))
    return table


def figure_in_words(value: Decimal | None, measure: Measure, currency: str) -> Cell:
    """A figure as it is read, without its address."""
    if value is None:
        return Cell("–")
    if measure.kind is Kind.MONEY:
        exact = money.price_in_words(value, currency)
        rounded = money.rounded(value, currency)
        words = money.in_words(value, currency) if rounded or not value else exact
        return Cell(words, exact if rounded != value else "", is_zero=not value)
    if measure.kind is Kind.SHARE:
        return Cell(f"{(value * 100).quantize(CENT_OF_A_PERCENT):f}%", is_zero=not value)
    if measure.kind is Kind.QUANTITY:
        return Cell(money.number_in_words(value), is_zero=not value)
    return Cell(count_in_words(int(value)), is_zero=not value)


def _rows(answer: Answer, currency: str, group: Group, path: list[Group]) -> Iterator[Row]:
    inside = list(group.inside.values())
    most = INNER_SHOWN if path else TIMES_SHOWN if isinstance(next(iter(group.inside), None), date) else OUTER_SHOWN
    # One more takes no more room than a row for the rest.
    shown = inside if len(inside) <= most + 1 else inside[:most]
    for each in shown:
        deeper = [*path, each]
        cells = list(_cells(answer, currency, each, deeper))
        yield Row(each.name.words, each.name.more, len(path), cells, has_inside=bool(each.inside))
        yield from _rows(answer, currency, each, deeper)
    if left := inside[len(shown) :]:
        yield _rest(answer, currency, group, shown, len(left), depth=len(path))


def _rest(answer: Answer, currency: str, group: Group, shown: Sequence[Group], left: int, *, depth: int) -> Row:
    """What is not shown: the total without the rows that are."""
    rest = Group(total=group.total.less(_summed(each.total for each in shown)))
    for column, figures in group.by_column.items():
        rest.by_column[column] = figures.less(_summed(each.by_column.get(column, Figures()) for each in shown))
    cells = [Cell(cell.words, cell.exact, "", cell.is_zero) for cell in _cells(answer, currency, rest, [])]
    return Row(f"All others ({count_in_words(left)})", "", depth, cells, is_rest=True)


def _summed(figures: Iterable[Figures]) -> Figures:
    summed = Figures()
    for each in figures:
        summed.merge(each)
    return summed


def _cells(answer: Answer, currency: str, group: Group, path: Sequence[Group]) -> Iterator[Cell]:
    first, *_ = answer.question.measures
    for column, _ in answer.columns:
        figures = group.by_column.get(column, NOTHING)
        yield _cell(currency, figures, first, narrowed(answer, path, column) if figures.sums else None)
    whole = narrowed(answer, path)
    for measure in answer.question.measures:
        yield _cell(currency, group.total, measure, whole)


def _cell(currency: str, figures: Figures, measure: Measure, about: Question | None) -> Cell:
    cell = figure_in_words(figures.value(measure), measure, currency)
    if cell.is_zero or not figures.sums:
        return cell
    return Cell(cell.words, cell.exact, address_of_rows(about, measure))
