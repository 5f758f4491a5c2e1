"""Write CSV: streamed row by row, and safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from django.http import StreamingHttpResponse

Cell = str | int | Decimal | date | None

# Characters that a spreadsheet takes as the start of a formula (OWASP, "CSV injection").
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # tells a spreadsheet that this is UTF-8


class _Line:
    """A file for the csv module that returns the line instead of storing it."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> StreamingHttpResponse:
    """A download that starts at once and needs no memory, no matter how many rows."""
    return StreamingHttpResponse(
        lines_of(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


def lines_of(header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """The lines of the file."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([safe(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def safe(cell: Cell) -> str:
    """The cell as text; text that a spreadsheet would evaluate gets an apostrophe, numbers stay numbers."""
    text = "" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    if text.lstrip(" ").startswith(STARTS_A_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
