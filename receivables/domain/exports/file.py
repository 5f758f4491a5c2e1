"""A CSV file for an accounting system: written, and read back."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.tables.csv import safe

Cell = str | int | Decimal | date | None


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The file. No byte order mark: the receivers would take it for a part of the first column's name."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def read_back(content: bytes) -> list[dict[str, str]]:
    """The rows of a file, as the receiver reads them."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def amount(of: Decimal, currency: str) -> Decimal:
    """An amount with as many decimal places as its currency has; it has no others."""
    return money.rounded(of, currency)


def number(cell: str) -> Decimal:
    """An amount as the receiver reads it; an empty cell is none."""
    return Decimal(cell) if cell else money.ZERO


def _written(cell: Cell) -> str:
    """Text becomes one line that no spreadsheet evaluates; numbers stay numbers."""
    if isinstance(cell, str):
        return safe(" ".join(cell.split()))
    return safe(cell)


def sides(moved: Decimal, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Debit and credit, one of them empty."""
    return (amount(moved, currency), None) if moved > 0 else (None, amount(-moved, currency))
