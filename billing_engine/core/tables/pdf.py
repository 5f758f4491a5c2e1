"""Write a table as a PDF to read or print; what is too long or too wide for paper is refused."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.timezone import now

from billing_engine.core.errors import Refused
from billing_engine.core.tables.table import Cell, Kind, Table
from billing_engine.core.typesetting.typeset import typeset

TEMPLATE = Path(__file__).with_name("table.typ")
MOST_ROWS = 5_000  # some 150 pages
MOST_COLUMNS = 24
SECONDS, MEGABYTES = 120, 2_048
NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
DECIMALS_AT_LEAST = 2
MINUS = "\N{MINUS SIGN}"


class TooLongForPaper(Refused):
    """A PDF has a limited number of rows and columns."""

    code = "too_long_for_paper"


def pdf_of(table: Table) -> Iterator[bytes]:
    """The file, once it is complete. Raises TooLongForPaper, before it reads the rows if they are counted."""
    total = table.notes.total_rows
    if total is not None and total > MOST_ROWS:
        raise too_long(f"{total:,} rows")
    if len(table.columns) > MOST_COLUMNS:
        raise TooLongForPaper(f"A PDF can have at most {MOST_COLUMNS} columns. Choose fewer, or download the CSV.")
    rows = list(islice(table.all_rows(), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise too_long("more")
    yield typeset(
        TEMPLATE,
        {"table": _content(table, [[_text(cell) for cell in row] for row in rows])},
        made_on=(table.notes.made_at or now()).astimezone(UTC).date(),
        seconds=SECONDS,
        megabytes=MEGABYTES,
    )


def too_long(rows: str) -> TooLongForPaper:
    """The refusal of `6,000 rows`."""
    return TooLongForPaper(
        f"A PDF can have at most {MOST_ROWS:,} rows, and this has {rows}. Download the CSV, which has no limit."
    )


def _content(table: Table, rows: list[list[str]]) -> dict[str, Any]:
    made_at = table.notes.made_at or now()
    return {
        "title": table.title,
        "made_on": made_at.astimezone(UTC).date().isoformat(),
        "columns": [{"name": each.name, "is_number": each.kind in NUMBERS} for each in table.columns],
        "rows": rows,
        "notes": [{"name": name, "text": text} for name, text in table.notes.in_words(len(rows))],
    }


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(cell, Decimal):
        return _decimal(cell)
    if isinstance(cell, int):
        return f"{cell:,}".replace("-", MINUS)
    return cell.isoformat() if isinstance(cell, date) else cell


def _decimal(value: Decimal) -> str:
    """`1,234.50`: every digit that is not a trailing zero, and at least two."""
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(DECIMALS_AT_LEAST, '0')}".replace("-", MINUS)
