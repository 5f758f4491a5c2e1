"""Look at a file before it is read: what it is, how to read it, its columns and first rows, and what is unusual."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from leads.domain.body.parse import read_line
from leads.domain.faults import Malformed
from leads.domain.files.header import BOM, fields_of, guess_header, guess_row
from leads.domain.files.json_items import JsonItems, is_list, whole_items
from leads.domain.files.lines import FileNotReadable, LineReader, opened
from leads.domain.files.look.dates import Order, date_orders
from leads.domain.files.look.encodings import encoding_of
from leads.domain.files.look.kinds import kind_of
from leads.domain.files.reading import ENCODINGS, Kind, Reading
from leads.domain.files.rows import Rows
from leads.domain.files.sheets.merged import MergedAreas, in_words
from leads.domain.files.sheets.process import spooled
from leads.domain.mapping.language.converter import Converter

SHOWN = 20  # rows
LOOKED_AT = 1_000  # rows, for the dates
TITLES = 30  # lines in which the header is looked for
HEAD_BYTES = 1024 * 1024


class Sheet(NamedTuple):
    """A sheet of a workbook, with its size."""

    name: str
    rows: int
    columns: int


class ShownRow(NamedTuple):
    """A row or item at its line, row or place in the list."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was found in a file. `reading` is how it would be read; a person may correct it.

    `dates` are the columns of dates with each order of day, month and year that fits their first values; with more than one,
    a person has to say which is meant. `records` are the first items of JSON and NDJSON, and of tables by their columns.
    """

    name: str
    size: int
    reading: Reading
    columns: Sequence[str] = ()
    rows: Sequence[ShownRow] = ()
    records: Sequence[Any] = ()
    sheets: Sequence[Sheet] = ()
    dates: dict[str, tuple[Order, ...]] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def ambiguous_dates(self) -> list[str]:
        """The columns whose dates fit several orders."""
        return [column for column, orders in self.dates.items() if len(orders) > 1]


def look(path: Path, *, name: str = "", corrected: Reading | None = None, converter: Converter | None = None) -> Look:
    """Look at a file by its bytes. Raises FileNotReadable for anything that isn't a list of records.

    `corrected` is what a person has changed; with a `converter`, the header is the line with its columns.
    """
    name = name or path.name
    found = kind_of(path, name)
    size = path.stat().st_size
    if found.kind == Kind.WORKBOOK:
        return _look_at_workbook(path, name, size, corrected, converter)
    encoding = "utf-16" if found.is_utf_16 else encoding_of(path)
    if corrected is not None and corrected.kind in (Kind.TABLE, found.kind) and corrected.encoding in ENCODINGS:
        encoding = corrected.encoding
    with opened(path, encoding) as file:
        if found.kind == Kind.TABLE:
            reading = corrected or _guess(file, encoding, converter)
            return _look_at_table(file, name, size, replace(reading, kind=Kind.TABLE, encoding=encoding))
        reading = Reading(found.kind, encoding="utf-16" if found.is_utf_16 else "utf-8")
        items = _lines(file) if found.kind == Kind.NDJSON else _items(file, name)
        shown = list(islice(items, SHOWN))
    columns = list(dict.fromkeys(column for _, item in shown if isinstance(item, dict) for column in item))
    return Look(name=name, size=size, reading=reading, columns=columns, records=[item for _, item in shown])


# --- Tables -----------------------------------------------------------------------------------------------


def _guess(file: BinaryIO, encoding: str, converter: Converter | None) -> Reading:
    """Find the header and the separator in the first lines."""
    decoded = "utf-8" if encoding == "utf-16" else encoding
    lines = file.read(HEAD_BYTES).splitlines(keepends=True)[:TITLES] if file.seek(0) == 0 else []
    line, separator = guess_header([text.decode(decoded, errors="replace") for text in lines], converter)
    return Reading(Kind.TABLE, encoding, separator, line)


def _look_at_table(file: BinaryIO, name: str, size: int, reading: Reading) -> Look:
    decoded = reading.decodes_as
    lines = LineReader(file)
    head = [lines.take() or b"" for _ in range(reading.header)]
    if b"\r" in head[-1].rstrip(b"\r\n"):
        raise FileNotReadable(
            f"{name} ends its lines with only a carriage return. Export it as CSV for Windows or Unix."
        )
    columns = [text.strip() for text in fields_of(head[-1].decode(decoded, errors="replace"), reading.separator)]
    rows = Rows(lines, separator=reading.separator, width=len(columns), below=reading.header, encoding=decoded)
    found = [ShownRow(row.line, row.fields) for row in islice(rows, LOOKED_AT) if not row.is_blank]
    warnings = [f"The header has {len(columns)} column: is the separator right?"] if len(columns) == 1 else []
    return _of_table(name, size, reading, columns, found, warnings)


def _of_table(
    name: str, size: int, reading: Reading, columns: list[str], rows: list[ShownRow], warnings: Sequence[str]
) -> Look:
    fitting = [row.cells for row in rows if len(row.cells) == len(columns)]
    dates = date_orders(columns, fitting)
    asked = [column for column, orders in dates.items() if len(orders) > 1]
    told = [f"The dates in {column!r} can be read with the day or the month first." for column in asked]
    return Look(
        name=name,
        size=size,
        reading=reading,
        columns=columns,
        rows=rows[:SHOWN],
        records=[dict(zip(columns, row.cells, strict=False)) for row in rows[:SHOWN]],
        dates=dates,
        warnings=[*warnings, *told],
    )


# --- Workbooks --------------------------------------------------------------------------------------------


def _look_at_workbook(path: Path, name: str, size: int, corrected: Reading | None, converter: Converter | None) -> Look:
    sheet = corrected.sheet if corrected and corrected.kind == Kind.WORKBOOK else ""
    with spooled(path, name, sheet=sheet, is_look=True) as spool:
        contents, rows = spool.contents, [row for row, _ in spool.rows()]
    is_same = corrected is not None and corrected.kind == Kind.WORKBOOK
    guessed = 1 + guess_row([row.cells for row in rows[:TITLES]], converter)
    header = corrected.header if corrected and is_same and corrected.header else guessed
    if not rows or header > len(rows):
        raise FileNotReadable(
            f"{name} has no row {header:,} in the sheet {contents.sheet!r}, where its header should be."
        )
    columns = column_names(rows[header - 1].cells)
    areas = MergedAreas(contents.merged, header=header)
    filled = [ShownRow(row.number, areas.fill(row.number - 1, _padded(row.cells, len(columns)))) for row in rows]
    warnings = [words for words in (in_words(contents.merged, header=header),) if words]
    if not contents.is_checked:
        warnings.append(
            "In this older format, errors and formulas without a value can't be told from blank cells. Save it as XLSX to be"
            " told about them."
        )
    shown = [row for row in filled[header:] if any(row.cells)]
    reading = Reading(Kind.WORKBOOK, header=header, sheet=contents.sheet)
    found = _of_table(name, size, reading, columns, shown, warnings)
    return replace(found, sheets=[Sheet(*each) for each in contents.sheets])


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def column_names(cells: Sequence[str]) -> list[str]:
    """Return the names of a sheet's columns."""
    return [" ".join(cell.split()) for cell in cells]


# --- JSON -------------------------------------------------------------------------------------------------


def _lines(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    lines = LineReader(file)
    while (line := lines.take()) is not None:
        if line.removeprefix(BOM.encode()).strip():
            yield lines.read, _shown(read_line(line))


def _items(file: BinaryIO, name: str) -> Iterator[tuple[int, Any]]:
    if not is_list(file):
        items, _ = whole_items(file, name)
        yield from ((place, _shown(item)) for place, (_, item) in enumerate(items))
        return
    for found in JsonItems(file):
        yield found.number, _shown(found.placed.item)


def _shown(item: Any) -> Any:
    return item.content if isinstance(item, Malformed) else item
