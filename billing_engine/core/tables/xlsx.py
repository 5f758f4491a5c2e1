"""Write XLSX row by row to a file on disk; strings stay strings, whatever they start with."""

import tempfile
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from billing_engine.core.tables.csv import Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_A_SHEET = 1_048_576  # limit of the format
EXACT_DIGITS = 15  # of a number in a spreadsheet
LONGEST_TEXT = 32_767  # of a cell; limit of the format


def xlsx_response(name: str, title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> FileResponse:
    """A download; the file is complete before its first byte is sent, and deleted with the response."""
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 -- the response closes and so deletes it
    write_workbook(file, title, header, rows)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "private, no-store"
    return response


def write_workbook(
    file: IO[bytes], title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]], *, a_sheet: int = ROWS_A_SHEET
) -> None:
    """Write the table; rows beyond a sheet's limit continue on the next sheet, with the same header."""
    book, header = Workbook(write_only=True), list(header)
    sheet: Any = None
    filled = a_sheet
    for row in rows:
        if filled == a_sheet:
            sheet, filled = _sheet(book, title, header), 1
        sheet.append([_cell(sheet, cell) for cell in row])
        filled += 1
    if sheet is None:
        _sheet(book, title, header)
    book.save(file)


def _sheet(book: Workbook, title: str, header: list[str]) -> Any:
    number = len(book.sheetnames) + 1
    sheet = book.create_sheet(title if number == 1 else f"{title} {number}")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, cell) for cell in header])
    return sheet


def _cell(sheet: Any, cell: Cell) -> Any:
    if isinstance(cell, datetime):  # a workbook has no time zones, so text keeps the zone
        return cell.isoformat()
    if isinstance(cell, Decimal) and len(cell.as_tuple().digits) > EXACT_DIGITS:
        return f"{cell:f}"  # as a number it would lose its last digits
    if not isinstance(cell, str):
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", cell)[:LONGEST_TEXT]
    if not text.startswith("="):
        return text
    written = WriteOnlyCell(sheet, text)
    written.data_type = "s"  # otherwise it would be a formula
    return written
