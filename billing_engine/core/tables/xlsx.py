"""Write XLSX row by row to a file on disk; strings stay strings, whatever they start with."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from billing_engine.core.tables.table import Cell, Kind, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_A_SHEET = 1_048_576  # limit of the format
EXACT_DIGITS = 15  # of a number in a spreadsheet
LONGEST_TEXT = 32_767  # of a cell; limit of the format
LONGEST_TITLE = 31 - len(" 999")  # of a sheet; limit of the format
NOT_IN_A_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
ABOUT = "About"
CHUNK = 1024 * 1024

Written = Iterable[tuple[str, str]]


def xlsx_response(name: str, title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> FileResponse:
    """A download; the file is complete before its first byte is sent, and deleted with the response."""
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 -- the response closes and so deletes it
    write_workbook(file, title, header, rows)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "private, no-store"
    return response


def xlsx_of(table: Table) -> Iterator[bytes]:
    """The file in chunks, once it is complete; its sheet About says how many rows there are, and of what."""
    titles = [f"{each.name} (UTC)" if each.kind == Kind.INSTANT else each.name for each in table.columns]
    instants = {place for place, each in enumerate(table.columns) if each.kind == Kind.INSTANT}
    rows = table.all_rows() if not instants else (_without_zones(row, instants) for row in table.all_rows())
    with tempfile.TemporaryFile(suffix=".xlsx") as file:
        write_workbook(file, sheet_title(table.title), titles, rows, about=table.notes.in_words)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def write_workbook(
    file: IO[bytes],
    title: str,
    header: Iterable[str],
    rows: Iterable[Iterable[Cell]],
    *,
    a_sheet: int = ROWS_A_SHEET,
    about: Callable[[int], Written] | None = None,
) -> None:
    """Write the table; rows beyond a sheet's limit continue on the next sheet, with the same header.

    `about` returns what the last sheet says, given the number of rows.
    """
    book, header = Workbook(write_only=True), list(header)
    sheet: Any = None
    filled, count = a_sheet, 0
    for row in rows:
        count += 1
        if filled == a_sheet:
            sheet, filled = _sheet(book, title, header), 1
        sheet.append([_cell(sheet, cell) for cell in row])
        filled += 1
    if sheet is None:
        _sheet(book, title, header)
    if about is not None:
        _tell(book, about(count))
    book.save(file)


def sheet_title(title: str) -> str:
    """A title as short and plain as the name of a sheet must be, and never the one of the last sheet."""
    plain = " ".join(title.translate(NOT_IN_A_TITLE).split())[:LONGEST_TITLE].strip(" '")
    return plain if plain and plain != ABOUT else "Table"


def _tell(book: Workbook, about: Written) -> None:
    sheet: Any = book.create_sheet(ABOUT)
    for name, text in about:
        sheet.append([_cell(sheet, name), _cell(sheet, text)])


def _without_zones(row: Sequence[Cell], instants: set[int]) -> list[Cell]:
    """A workbook has no time zones and no microseconds; the header says that the times are in UTC."""
    return [
        cell.astimezone(UTC).replace(tzinfo=None) if place in instants and isinstance(cell, datetime) else cell
        for place, cell in enumerate(row)
    ]


def _sheet(book: Workbook, title: str, header: list[str]) -> Any:
    number = len(book.sheetnames) + 1
    sheet = book.create_sheet(title if number == 1 else f"{title} {number}")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, cell) for cell in header])
    return sheet


def _cell(sheet: Any, cell: Cell) -> Any:
    if isinstance(cell, datetime) and cell.tzinfo:  # a workbook has no time zones, so text keeps the zone
        return cell.isoformat()
    if _is_inexact(cell):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    if not isinstance(cell, str):
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", cell)[:LONGEST_TEXT]
    if not text.startswith("="):
        return text
    written = WriteOnlyCell(sheet, text)
    written.data_type = "s"  # otherwise it would be a formula
    return written


def _is_inexact(cell: Cell) -> bool:
    """Whether it would lose its last digits as a number."""
    if isinstance(cell, Decimal):
        return len(cell.as_tuple().digits) > EXACT_DIGITS
    return isinstance(cell, int) and abs(cell) >= 10**EXACT_DIGITS
