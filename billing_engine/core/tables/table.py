"""A table as every file format takes it: typed columns, rows that are read once, and notes on what they show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

from billing_engine.core.errors import Refused

Cell = str | int | Decimal | date | None


class Kind(Enum):
    """What a column holds; every cell may also be empty (None)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"  # money and quantities: six decimals
    DATE = "date"
    INSTANT = "instant"  # with its zone; written in UTC


class IncompleteTable(Refused):
    """A file has all the rows or is refused, never some of them."""

    code = "incomplete_table"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head and its kind."""

    name: str
    kind: Kind = Kind.TEXT
    digits: int = 38  # of a decimal; the most that a warehouse takes


@dataclass(frozen=True, slots=True)
class Notes:
    """What a file says about itself."""

    question: str = ""  # in words, with its filters
    time_zone: str = ""  # whose days are counted
    made_at: datetime | None = None
    freshness: str = ""  # how old the data is; empty if it is current
    total_rows: int | None = None  # counted separately from reading the rows; None if only reading them tells

    def in_words(self, rows: int) -> list[tuple[str, str]]:
        """Name and text of each note; `rows` were written."""
        made = f"{self.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.made_at else ""
        every = (
            ("Question", self.question),
            ("Days", self.time_zone),
            ("Made at", made),
            ("Data", self.freshness),
            ("Rows", rows_in_words(rows, self.total_rows)),
        )
        return [(name, text) for name, text in every if text]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with their columns; `name` is the file's name without extension, `title` is for people."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    notes: Notes = field(default_factory=Notes)

    @property
    def header(self) -> list[str]:
        """The heads of the columns."""
        return [column.name for column in self.columns]

    def all_rows(self) -> Iterator[Sequence[Cell]]:
        """The rows; raises IncompleteTable at their end if there are not as many as were counted."""
        count = 0
        for row in self.rows:
            count += 1
            yield row
        total = self.notes.total_rows
        if total is not None and count != total:
            raise IncompleteTable(f"Only {count:,} of {total:,} rows could be read. Try again in a moment.")

    def with_rows(self, rows: Iterable[Sequence[Cell]]) -> "Table":
        """The same table with other rows."""
        return replace(self, rows=rows)


def rows_in_words(rows: int, total: int | None) -> str:
    """`12 of 12`."""
    return f"{rows:,} of {rows if total is None else total:,}"
