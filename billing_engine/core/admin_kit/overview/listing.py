"""A table of rows that open their pages, with a title and the way to all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

NUMBER = ">"  # prefix of a column's name: its numbers are right-aligned


@dataclass(frozen=True, slots=True)
class Cell:
    """Words, the page that they open, a CSS class, and what stands below them."""

    words: object
    address: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under column heads; each row's first cell names it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    nothing: str  # what is said without rows
    address: str = ""  # of all rows, if some are left out

    @property
    def heads(self) -> list[tuple[str, bool]]:
        """Each column's name, and whether it has numbers."""
        return [(name.removeprefix(NUMBER), name.startswith(NUMBER)) for name in self.columns]

    @property
    def body(self) -> list[list[tuple[str, bool, Cell]]]:
        """The rows, each cell with its column."""
        return [
            [(name, is_number, cell) for (name, is_number), cell in zip(self.heads, row, strict=True)]
            for row in self.rows
        ]
