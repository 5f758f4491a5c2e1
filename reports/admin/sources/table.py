"""A table of figures in which each opens its rows, and the words of shares and durations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Generic, TypeVar

from billing_engine.core.calendar.instants import NOTHING
from billing_engine.core.counts import count_in_words
from reports.domain.question.faults import BadQuestion

Row = TypeVar("Row")
TENTH = Decimal("0.1")
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in words, the address of its rows, a quieter second line, and a tooltip."""

    words: str
    address: str = ""
    more: str = ""
    hint: str = ""
    tone: str = ""
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its title, what its rows are sorted by, and how it is shown."""

    key: str
    title: str
    value: Callable[[Row], Any]  # None is always last
    cell: Callable[[Row], Cell]
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column, with the address that sorts by it."""

    title: str
    address: str
    order: str
    is_name: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its definition below."""

    title: str
    note: str
    heads: list[Head]
    rows: list[list[Cell]]
    total: list[Cell]


def sort_of(text: str, known: Sequence[str]) -> tuple[str, bool]:
    """Read `refused` or `-refused`: by what, and whether the largest come first. Raises BadQuestion."""
    key = text.removeprefix("-")
    if key and key not in known:
        raise BadQuestion("sort", f"This table can't be sorted by “{key[:40]}”. Choose from {', '.join(known)}.")
    return key, text.startswith("-")


def heads(columns: Sequence[Column[Row]], sort: tuple[str, bool], address: Callable[[str], str]) -> list[Head]:
    """Return the heads; a second click on one turns its order around, numbers begin with the largest."""
    key, is_largest_first = sort
    found = []
    for each in columns:
        is_sorted = each.key == key
        is_next_largest = not is_largest_first if is_sorted else not each.is_name
        order = ("descending" if is_largest_first else "ascending") if is_sorted else ""
        found.append(Head(each.title, address(f"{'-' if is_next_largest else ''}{each.key}"), order, each.is_name))
    return found


def in_order(rows: Sequence[Row], columns: Sequence[Column[Row]], sort: tuple[str, bool]) -> list[Row]:
    """Sort the rows, which have an order already that equals keep; what has no value comes last."""
    key, is_largest_first = sort
    column = next((each for each in columns if each.key == key), None)
    if column is None:
        return list(rows)
    valued = [row for row in rows if column.value(row) is not None]
    rest = [row for row in rows if column.value(row) is None]
    return sorted(valued, key=column.value, reverse=is_largest_first) + rest


def counted(count: int, address: str = "", **more: str) -> Cell:
    """A count, which opens its rows if there are any."""
    return Cell(count_in_words(count), address if count else "", **more)


def percent(share: Decimal | None) -> str:
    """`10.0%`, `0%`; a dash of nothing."""
    if share is None:
        return NOTHING
    rounded = (share * 100).quantize(TENTH, rounding=ROUND_HALF_UP)
    return f"{rounded}%" if share else "0%"


def duration(seconds: Decimal | int) -> str:
    """`45 s`, `2 min`, `3 h 10 min`, `2 d 4 h`."""
    left, said = int(seconds), list[str]()
    for place, (name, size) in enumerate(UNITS):
        if left >= size:
            said.append(f"{left // size} {name}")
            if place + 1 < len(UNITS) - 1 and (rest := left % size // UNITS[place + 1][1]):
                said.append(f"{rest} {UNITS[place + 1][0]}")
            break
    return " ".join(said) or "0 s"
