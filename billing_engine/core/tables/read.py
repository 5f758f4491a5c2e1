"""Read tables, CSV or XLSX, into rows of text."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import zip_longest
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from billing_engine.core.calendar.wall_clock import written
from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import STARTS_A_FORMULA

ZIP = b"PK\x03\x04"  # how every XLSX starts
UNPACKED_AT_MOST = 64 * 1024 * 1024
DELIMITERS = (",", ";", "\t")
HALF_A_SECOND = timedelta(seconds=0.5)
FILLED_IN = "'"  # what `safe` puts before a cell that a spreadsheet would evaluate


class NotASheet(Refused):
    """The file is not a table."""

    code = "not_a_sheet"
    message = "This is neither a UTF-8 CSV nor an XLSX file."


class TooManyRows(Refused):
    """The table has more rows than a page can show."""

    code = "too_many_rows"


# Seen, not filled: a file of a kilobyte may have a row 5,000,000, and each row before it would be read as an empty one.
BLANK_ROWS = 1_000
CELLS_AT_MOST = 1_000_000

Row = tuple[int, dict[str, str]]  # row number as in the spreadsheet, and cells by column


def read_sheet(content: bytes, *, most: int) -> list[Row]:
    """The rows below the header, without empty ones. Raises NotASheet or TooManyRows."""
    lines = _xlsx(content) if content.startswith(ZIP) else _csv(content)
    header: list[str] | None = None
    rows = list[Row]()
    cells_seen = 0
    for number, cells in enumerate(lines, start=1):
        cells_seen += len(cells)
        if number > most + BLANK_ROWS or cells_seen > CELLS_AT_MOST:
            raise TooManyRows(f"The file can have at most {most:,} rows. Remove empty rows and columns.")
        if not any(cells):
            continue
        if header is None:
            header = _header(cells)
            continue
        if len(rows) == most:
            raise TooManyRows(f"The file can have at most {most:,} rows.")
        if any(cells[len(header) :]):
            raise NotASheet(f"Row {number} has more cells than there are columns in the header.")
        rows.append((number, dict(zip_longest(header, cells[: len(header)], fillvalue=""))))
    if not rows:
        raise NotASheet("There are no rows below the header.")
    return rows


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise NotASheet(f"Duplicate columns in the header: {', '.join(twice)}.")
    return names


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with ZipFile(BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_AT_MOST:
                raise NotASheet("This XLSX file is too large.")
        sheet: Any = load_workbook(BytesIO(content), read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # it may claim a million columns, and each row would be padded to them
        for row in sheet.iter_rows(values_only=True):
            yield [_text(value) for value in row]
    except (Refused, GeneratorExit):
        raise
    except Exception as error:
        raise NotASheet from error  # a broken file can raise anything: XML, ZIP or sheet errors


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotASheet from error
    if "\0" in text:
        raise NotASheet
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        for line in csv.reader(StringIO(text, newline=""), delimiter=delimiter):
            yield [_text(cell) for cell in line]
    except csv.Error as error:
        raise NotASheet from error


def _text(value: object) -> str:
    """The cell as a user would type it: no trailing zeros, no midnight, no protective apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):  # spreadsheets count in fractions of a day, so times can be slightly off a second
        return written((value + HALF_A_SECOND).replace(microsecond=0))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):  # a spreadsheet stores a float; its shortest form is what was typed
        return f"{Decimal(repr(value)).normalize():f}"
    text = str(value).strip()
    return text[1:] if text.startswith(FILLED_IN) and text[1:].lstrip().startswith(STARTS_A_FORMULA) else text
