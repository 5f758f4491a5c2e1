"""The faulty rows of a file with what is wrong with each, to be corrected in a spreadsheet and imported again."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from billing_engine.core.tables.csv import lines_of
from leads.domain.files.header import fields_of
from leads.domain.files.json_items import JsonItems, is_list, whole_items
from leads.domain.files.lines import LineReader, opened
from leads.domain.files.reading import Kind, Position, Reading
from leads.domain.files.records import GUARD, IMPORT_COLUMNS, unguarded
from leads.domain.files.rows import Rows
from leads.domain.files.sheets.process import spooled


class RowFault(NamedTuple):
    """What is wrong with the item at a line or row, or at a place in a list."""

    line: int
    code: str
    message: str

    @classmethod
    def at(cls, pointer: str, *, code: str, message: str) -> "RowFault":
        """Return the fault at a place such as `/17` or `/17/0`."""
        return cls(int("0" + pointer.split("/")[1]) if "/" in pointer else 0, code, message)


class FaultyRows(NamedTuple):
    """A table: the original columns after those that say what is wrong."""

    header: Sequence[str]
    rows: Iterator[Sequence[str]]


class _Original(NamedTuple):
    number: int
    cells: Sequence[str]


@contextmanager
def faulty_rows(path: Path, reading: Reading, faults: Iterable[RowFault], *, name: str = "") -> Iterator[FaultyRows]:
    """Read the file again, and give its faulty rows as they were sent. Raises FileNotReadable.

    `faults` come in the order of the file. Rows of another width than the header keep their width, because they are still
    wrong. Items of JSON have one column with their text.
    """
    name = name or path.name
    if reading.kind == Kind.WORKBOOK:
        with spooled(path, name, sheet=reading.sheet, header=reading.header) as spool:
            rows = (_Original(row.number, row.cells) for row, _ in spool.rows(Position(0, reading.header - 1)))
            yield _table(next(rows, _Original(0, [])).cells, rows, faults)
        return
    with opened(path, reading.encoding) as file:
        if reading.kind == Kind.TABLE:
            lines = LineReader(file)
            head = [lines.take() or b"" for _ in range(reading.header)]
            header = fields_of(head[-1].decode(reading.decodes_as, errors="replace"), reading.separator)
            found = Rows(
                lines,
                separator=reading.separator,
                width=len(header),
                below=reading.header,
                encoding=reading.decodes_as,
            )
            yield _table(header, (_Original(row.line, row.fields) for row in found), faults)
            return
        if reading.kind == Kind.NDJSON:
            texts: Iterable[tuple[int, bytes]] = enumerate(file, start=1)
        elif is_list(file):
            texts = ((item.number, item.text) for item in JsonItems(file))
        else:
            texts = enumerate([whole_items(file, name)[1]])
        items = (_Original(number, [text.decode(errors="replace").strip()]) for number, text in texts)
        yield _table(["Record"], items, faults)


def csv_lines(table: FaultyRows) -> Iterator[str]:
    """Write the table as CSV that is safe to open in a spreadsheet, and whose fields come back as they are."""
    return lines_of(table.header, ([_guarded(cell) for cell in row] for row in table.rows))


def _guarded(cell: str) -> str:
    """A field that looks guarded already gets another apostrophe, because one is taken away."""
    return f"{GUARD}{cell}" if unguarded(cell) != cell else cell


def _table(header: Sequence[str], rows: Iterator[_Original], faults: Iterable[RowFault]) -> FaultyRows:
    # A corrected file may be faulty again: what was wrong before is not what is wrong now.
    before = len(IMPORT_COLUMNS) if tuple(header[: len(IMPORT_COLUMNS)]) == IMPORT_COLUMNS else 0
    return FaultyRows([*IMPORT_COLUMNS, *header[before:]], _joined(rows, faults, before))


def _joined(rows: Iterator[_Original], faults: Iterable[RowFault], before: int) -> Iterator[Sequence[str]]:
    """Go through rows and faults side by side; a row with several faults has them in one sentence each."""
    row = next(rows, None)
    for line, group in groupby(faults, key=attrgetter("line")):
        while row is not None and row.number < line:
            row = next(rows, None)
        if row is None or row.number != line:
            continue
        found = list(group)
        codes = ", ".join(dict.fromkeys(fault.code for fault in found))
        words = " ".join(dict.fromkeys(fault.message for fault in found))
        yield [str(line), codes, words, *row.cells[before:]]
