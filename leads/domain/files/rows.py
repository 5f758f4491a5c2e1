"""Read the rows of a CSV file one by one; an unreadable row costs only its own line."""

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from leads.domain.files.lines import LineReader
from leads.domain.files.reading import ENCODINGS

ROW_BYTES = 1024 * 1024  # a quote that isn't closed within this many bytes counts as never closed


class CellFault(NamedTuple):
    """A cell whose value is missing or damaged: its column from 0, a stable code, and what to do about it."""

    column: int
    code: str
    message: str


class Row(NamedTuple):
    """A row with the number of its first line, its raw lines and its fields.

    If it can't be read, it says why, with the fields as far as its first line shows them.
    """

    line: int
    lines: list[bytes]
    fields: list[str]
    why: str = ""
    within: tuple[int, int] | None = None  # the lines within a quoted field that look like rows
    faults: Sequence[CellFault] = ()  # the cells of a workbook that have no value

    @property
    def is_blank(self) -> bool:
        return not self.why and not self.faults and not any(field.strip() for field in self.fields)

    def text(self, encoding: str) -> str:
        return b"".join(self.lines).decode(encoding, errors="replace")


def parsed(text: str, separator: str) -> list[str]:
    """Parse a row on one line. Raises csv.Error."""
    return next(csv.reader([text], delimiter=separator, strict=True), [])


class Rows:
    """Reads the rows after a header of `width` columns."""

    def __init__(self, lines: LineReader, *, separator: str, width: int, below: int, encoding: str = "utf-8") -> None:
        self._lines, self._separator, self._width, self._encoding = lines, separator, width, encoding
        self.line = below  # the number of the last line used

    def __iter__(self) -> Iterator[Row]:
        while (first := self._lines.take()) is not None:
            row = self._row(first)
            self.line += len(row.lines)
            yield row

    def _row(self, first: bytes) -> Row:
        taken = list[bytes]()
        try:
            fields = next(csv.reader(self._fed(first, taken), delimiter=self._separator, strict=True))
            if len(fields) == 1 < self._width:
                # Some exports quote the whole row: what looks like one field is the row.
                fields = parsed(fields[0], self._separator)
        except (csv.Error, UnicodeDecodeError, StopIteration) as error:
            self._lines.put_back(taken[1:])
            return Row(self.line + 1, [first], self._read_alone(first), _why(first, error, self._encoding))
        row = Row(self.line + 1, taken, fields)
        if row.is_blank or len(fields) == self._width:
            return row if len(taken) == 1 else row._replace(within=self._within(taken))
        words = f"The row has {len(fields)} fields, but the header has {self._width}."
        if len(taken) == 1:
            return row._replace(why=words)
        self._lines.put_back(taken[1:])
        words = f"A quote opens here and closes {len(taken) - 1:,} lines below. {words}"
        return Row(self.line + 1, [first], self._read_alone(first), words)

    def _fed(self, first: bytes, taken: list[bytes]) -> Iterator[str]:
        """Yield the lines of one row, until its quotes are closed."""
        line: bytes | None = first
        size = 0
        while line is not None:
            taken.append(line)
            size += len(line)
            if size > ROW_BYTES:
                return  # which the reader treats as the end within a quote
            yield line.decode(self._encoding)
            line = self._lines.take()

    def _within(self, taken: list[bytes]) -> tuple[int, int] | None:
        """Return the lines after the first that have all columns: a stray quote has made one field of several rows."""
        opens_in = len(self._read_alone(taken[0]))
        found = [place for place, line in enumerate(taken[1:], start=1) if len(self._read_alone(line)) == self._width]
        if opens_in == 1 and found and found[-1] == len(taken) - 1:
            found.pop()  # the rest of a row whose first field spans several lines
        start = self.line + 1
        return (start + found[0], start + found[-1]) if found and self._width > 1 else None

    def _read_alone(self, line: bytes) -> list[str]:
        try:
            return next(
                csv.reader([line.decode(self._encoding, errors="replace").rstrip("\r\n")], delimiter=self._separator),
                [],
            )
        except csv.Error:
            return []


def _why(first: bytes, error: Exception, encoding: str) -> str:
    try:
        first.decode(encoding)
    except UnicodeDecodeError as byte:
        name = ENCODINGS[encoding].partition(" ")[0]
        return f"The line is not {name}: it contains the byte 0x{first[byte.start]:02X} at position {byte.start + 1:,}."
    if len(first) > ROW_BYTES:
        return f"The line has {len(first):,} bytes; a row has at most {ROW_BYTES:,}."
    words = str(error)
    if isinstance(error, UnicodeDecodeError) or words == "unexpected end of data":
        return "A quote opens on this line and is never closed."
    if "expected after" in words:
        return "A quote closes in the middle of a field. Write a quote within a field twice."
    return f"The row can't be read: {words}."
