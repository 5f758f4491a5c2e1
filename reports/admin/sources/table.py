"""A table of figures in which each opens its rows, and the words of shares and durations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Generic, TypeVar

from billing_engine.core.calendar.instants import NOTHING
from billing_engine.core.counts import count_in_words
from reports.admin.sources.asked import Asked

Row = TypeVar("Row")
TENTH = Decimal("0.1")
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
SMALLER = {"d": ("h", 3_600), "h": ("min", 60)}  # what a duration tells beside its largest unit


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in words, the address of its rows, a quieter second line, and a tooltip."""

    words: str
    address: str = ""
    more: str = ""
    hint: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its title, what its rows are sorted by, if they can be, and how it is shown."""

    key: str
    title: str
    cell: Callable[[Row], Cell]
    value: Callable[[Row], Any] | None = None
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column, with the address that sorts by it."""

    title: str
    address: str = ""
    order: str = ""
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its definition below."""

    title: str
    note: str
    heads: list[Head]
    rows: list[list[Cell]]
    total: list[Cell]

    @property
    def body(self) -> list[list[tuple[Head, Cell]]]:
        """The rows, each cell with the head of its column."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]

    @property
    def foot(self) -> list[tuple[Head, Cell]]:
        """The total in the same way."""
        return list(zip(self.heads, self.total, strict=True)) if self.total else []


def heads(columns: Sequence[Column[Row]], asked: Asked) -> list[Head]:
    """Return the heads of columns, with the links that sort."""
    return [_head(each, asked) for each in columns]


def _head(column: Column[Row], asked: Asked) -> Head:
    if column.value is None:
        return Head(column.title, is_name=column.is_name)
    order = ("descending" if asked.is_largest_first else "ascending") if column.key == asked.sort else ""
    return Head(column.title, asked.sorted_by(column.key, is_name=column.is_name), order, column.is_name)


def in_order(rows: Sequence[Row], columns: Sequence[Column[Row]], asked: Asked) -> list[Row]:
    """Sort rows; equals stay in the order that they have, and what has no value comes last."""
    value = next((each.value for each in columns if each.key == asked.sort), None)
    if value is None:
        return list(rows)
    valued = [row for row in rows if value(row) is not None]
    rest = [row for row in rows if value(row) is None]
    return sorted(valued, key=value, reverse=asked.is_largest_first) + rest


def counted(count: int, address: str = "", *, more: str = "", hint: str = "", tone: str = "") -> Cell:
    """A count, which opens its rows if there are any."""
    return Cell(count_in_words(count), address if count else "", more, hint, tone if count else "")


def percent(share: Decimal | None) -> str:
    """`10.0%`, `0%`; a dash of nothing."""
    if share is None:
        return NOTHING
    return f"{(share * 100).quantize(TENTH, rounding=ROUND_HALF_UP)}%" if share else "0%"


def duration(seconds: Decimal | int) -> str:
    """`45 s`, `2 min`, `3 h 10 min`, `2 d 4 h`."""
    whole = int(seconds)
    name, size = next(((name, size) for name, size in UNITS if whole >= size), ("s", 1))
    smaller, of = SMALLER.get(name, ("", 1))
    rest = whole % size // of if smaller else 0
    return f"{whole // size} {name}" + (f" {rest} {smaller}" if rest else "")
