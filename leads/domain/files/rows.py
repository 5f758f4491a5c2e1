"""The rows of a table of text, each read by itself: one that can't be read costs its own line and no other."""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from leads.domain.files.lines import LinesOf

ROW_BYTES = 1024 * 1024  # a quote that is not closed within them never is


class Row(NamedTuple):
    """A row: the number of its first line, its lines as they are, and its fields; or why it can't be read, and then its
    fields as far as they can be told from its first line.
    """

    line: int
    lines: list[bytes]
    fields: list[str]
    why: str = ""
    within: tuple[int, int] | None = None  # the lines within a quoted field that read as rows themselves

    @property
    def is_blank(self) -> bool:
        return not self.why and not any(field.strip() for field in self.fields)

    @property
    def text(self) -> str:
        return b"".join(self.lines).decode(errors="replace")


def parsed(text: str, separator: str) -> list[str]:
    """The fields of a row on one line. Raises csv.Error."""
    return next(csv.reader([text], delimiter=separator, strict=True), [])


class Rows:
    """Reads the rows below a header of `width` columns."""

    def __init__(self, lines: LinesOf, *, separator: str, width: int, below: int) -> None:
        self._lines, self._separator, self._width = lines, separator, width
        self._line = below  # the number of the last line that was taken for good

    def __iter__(self) -> Iterator[Row]:
        while (first := self._lines.take()) is not None:
            row = self._row(first)
            self._line += len(row.lines)
            yield row

    def _row(self, first: bytes) -> Row:
        taken = list[bytes]()
        try:
            fields = next(csv.reader(self._fed(first, taken), delimiter=self._separator, strict=True))
            if len(fields) == 1 < self._width:
                # Some exports quote a row whole: what looks like one field is the row itself.
                fields = parsed(fields[0], self._separator)
        except (csv.Error, UnicodeDecodeError, StopIteration) as error:
            self._lines.put_back(taken[1:])
            return Row(self._line + 1, [first], self._read_alone(first), _why(first, error))
        row = Row(self._line + 1, taken, fields)
        if row.is_blank or len(fields) == self._width:
            return row if len(taken) == 1 else row._replace(within=self._within(taken))
        words = f"The row has {len(fields)} fields, the header {self._width}."
        if len(taken) == 1:
            return row._replace(why=words)
        self._lines.put_back(taken[1:])
        words = f"A quote opens here and closes {len(taken) - 1:,} lines below. {words}"
        return Row(self._line + 1, [first], self._read_alone(first), words)

    def _fed(self, first: bytes, taken: list[bytes]) -> Iterator[str]:
        """The lines of one row: as many as it takes until its quotes are closed."""
        line: bytes | None = first
        size = 0
        while line is not None:
            taken.append(line)
            size += len(line)
            if size > ROW_BYTES:
                return  # which the reader takes for the end within a quote
            yield line.decode()
            line = self._lines.take()

    def _within(self, taken: list[bytes]) -> tuple[int, int] | None:
        """A stray quote makes one field of whole rows: those lines below the first that have all columns by themselves."""
        opens_in = len(self._read_alone(taken[0]))
        found = [place for place, line in enumerate(taken[1:], start=1) if len(self._read_alone(line)) == self._width]
        if opens_in == 1 and found and found[-1] == len(taken) - 1:
            found.pop()  # the rest of a row whose first field has several lines
        start = self._line + 1
        return (start + found[0], start + found[-1]) if found and self._width > 1 else None

    def _read_alone(self, line: bytes) -> list[str]:
        try:
            return next(csv.reader([line.decode(errors="replace").rstrip("\r\n")], delimiter=self._separator), [])
        except csv.Error:
            return []


def _why(first: bytes, error: Exception) -> str:
    try:
        first.decode()
    except UnicodeDecodeError as byte:
        return f"The line is not UTF-8: the byte 0x{first[byte.start]:02X}, the {byte.start + 1:,}th of the line."
    if len(first) > ROW_BYTES:
        return f"The line has {len(first):,} bytes; a row has at most {ROW_BYTES:,}."
    words = str(error)
    if isinstance(error, UnicodeDecodeError) or words == "unexpected end of data":
        return "A quote opens on this line, and nothing below closes it."
    if "expected after" in words:
        return "A quote closes in the middle of a field: a quote within a field is written twice."
    return f"The row can't be read: {words}."
