"""Write CSV: streamed row by row, and safe to open in a spreadsheet."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse

from billing_engine.core.tables.table import Cell, Kind, Table

__all__ = ["Cell"]  # re-exported: rows without a typed table are written here, too

# Characters that a spreadsheet takes as the start of a formula (OWASP, "CSV injection").
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # tells a spreadsheet that this is UTF-8
ROWS_A_CHUNK = 500
TEXTS_REMEMBERED = 10_000  # a million rows repeat a few names


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
    """The file in chunks of lines, the header at once."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([safe(cell) for cell in header])
    lines = (writer.writerow([safe(cell) for cell in row]) for row in rows)
    while some := "".join(islice(lines, ROWS_A_CHUNK)):
        yield some


def csv_of(table: Table) -> Iterator[bytes]:
    """The file in chunks, the header at once; its last line says how many rows there are, and of what."""
    writer = csv.writer(_Line())
    written = [_WRITTEN[column.kind] for column in table.columns]
    yield (BYTE_ORDER_MARK + writer.writerow([safe(name) for name in table.header])).encode()
    lines, count = list[str](), 0
    for row in table.all_rows():
        count += 1
        lines.append(writer.writerow(_cells(written, row)))
        if len(lines) == ROWS_A_CHUNK:
            yield "".join(lines).encode()
            lines.clear()
    about = "; ".join(f"{name}: {text}" for name, text in table.notes.in_words(count)[:-1])
    name, text = table.notes.in_words(count)[-1]
    lines.append(writer.writerow([f"{name}: {text}", *([safe(about)] if about else [])]))
    yield "".join(lines).encode()


def _cells(written: Sequence[Callable[[Any], str]], row: Sequence[Cell]) -> list[str]:
    return ["" if cell is None else write(cell) for write, cell in zip(written, row, strict=True)]


def _instant(at: datetime) -> str:
    """`2026-11-04T16:42:07.250000Z`, always with as many digits."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def safe(cell: Cell) -> str:
    """The cell as text; text that a spreadsheet would evaluate gets an apostrophe, numbers stay numbers."""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "" if cell is None else _safe_text(str(cell))


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _safe_text(text: str) -> str:
    if text.lstrip(" ").startswith(STARTS_A_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


_WRITTEN: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: safe,
    Kind.INTEGER: str,
    Kind.DECIMAL: lambda value: f"{value:f}",
    Kind.DATE: str,
    Kind.INSTANT: _instant,
}
