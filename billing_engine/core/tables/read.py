"""Tables as people keep them, CSV or XLSX, read into rows of text."""

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

ZIP = b"PK\x03\x04"  # how every XLSX begins
UNPACKED_AT_MOST = 64 * 1024 * 1024
DELIMITERS = (",", ";", "\t")
HALF_A_SECOND = timedelta(seconds=0.5)
FILLED_IN = "'"  # what `safe` puts before a cell that a spreadsheet would compute


class NotASheet(Refused):
    """A file that is no table."""

    code = "not_a_sheet"
    message = "This is neither a CSV in UTF-8 nor an XLSX."


class TooManyRows(Refused):
    """A table longer than one page can tell about."""

    code = "too_many_rows"


Row = tuple[int, dict[str, str]]  # its number as the spreadsheet shows it, and its cells by their column


def read_sheet(content: bytes, *, most: int) -> list[Row]:
    """The rows beneath the header, empty ones left out. Raises NotASheet or TooManyRows."""
    lines = _xlsx(content) if content.startswith(ZIP) else _csv(content)
    header: list[str] | None = None
    rows = list[Row]()
    for number, cells in enumerate(lines, start=1):
        if not any(cells):
            continue
        if header is None:
            header = _header(cells)
            continue
        if len(rows) == most:
            raise TooManyRows(f"At most {most:,} rows at once.")
        if any(cells[len(header) :]):
            raise NotASheet(f"Row {number} has more cells than there are columns in the header.")
        rows.append((number, dict(zip_longest(header, cells[: len(header)], fillvalue=""))))
    if not rows:
        raise NotASheet("There is no row beneath the header.")
    return rows


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise NotASheet(f"Twice in the header: {', '.join(twice)}.")
    return names


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with ZipFile(BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_AT_MOST:
                raise NotASheet("This XLSX is larger than any list of ours.")
        sheet: Any = load_workbook(BytesIO(content), read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # it may claim a million columns, and each row would be filled up to them
        for row in sheet.iter_rows(values_only=True):
            yield [_text(value) for value in row]
    except (Refused, GeneratorExit):
        raise
    except Exception as error:
        raise NotASheet from error  # a broken file breaks its reader in any way: as XML, as ZIP, as a list of sheets


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
    """As it would be typed: no idle zeros, no midnight, and without the apostrophe that kept it from being computed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):  # a spreadsheet counts in parts of a day, and so a hair beside the second
        return written((value + HALF_A_SECOND).replace(microsecond=0))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):  # what a spreadsheet holds; its shortest form is what was typed
        return f"{Decimal(repr(value)).normalize():f}"
    text = str(value).strip()
    return text[1:] if text.startswith(FILLED_IN) and text[1:].lstrip().startswith(STARTS_A_FORMULA) else text
