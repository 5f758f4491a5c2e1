"""Split a file into parts of a few hundred leads; each becomes its own delivery."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from leads.domain.body.decode import as_json
from leads.domain.body.parcel import Lines, Placed
from leads.domain.body.parse import read_line
from leads.domain.files.header import named, read_header
from leads.domain.files.json_items import JsonItems, is_list, whole_items
from leads.domain.files.lines import FileNotReadable, LineReader, opened
from leads.domain.files.look.look import column_names, look
from leads.domain.files.notices import Notices
from leads.domain.files.reading import BEGINNING, Kind, Position, Reading
from leads.domain.files.records import csv_line, is_flawed, record_of, sheet_record, sheet_row
from leads.domain.files.rows import Rows
from leads.domain.files.sheets.merged import in_words
from leads.domain.files.sheets.process import Spool, spooled
from leads.domain.mapping.language.converter import Converter

LEADS_AT_A_TIME = 500
BLANK = b" \t\r\n\v\f\xef\xbb\xbf"


class Part(NamedTuple):
    """Some leads of a file, the bytes they were read from, their line counts, and the position reached in the file."""

    items: list[Placed]
    body: bytes
    content_type: str
    position: Position
    lines: Lines = Lines()


class LeadsFile:
    """A file of leads, with its line counts and warnings after it was read.

    Without a `reading` it is read as it looks. With a `start`, the position of an earlier part, it goes on after that part.
    """

    def __init__(
        self,
        path: Path,
        converter: Converter | None,
        *,
        reading: Reading | None = None,
        start: Position = BEGINNING,
        name: str = "",
        at_a_time: int = LEADS_AT_A_TIME,
    ) -> None:
        self._path, self.converter, self._start, self._at_a_time = path, converter, start, at_a_time
        self._name = name or path.name
        self.reading = reading
        self.lines: Lines | None = None  # for files with lines or rows
        self.notices = Notices()
        self.size = path.stat().st_size  # of what positions count in: a workbook's is known when its rows are read

    def parts(self) -> Iterator[Part]:
        """Read the parts one by one. Raises FileNotReadable, usually before the first part.

        The place of an item is its first line (CSV, NDJSON: `/17`, counted from 1), its row in the sheet, or its index (JSON).
        """
        reading = self.reading or look(self._path, name=self._name, converter=self.converter).reading
        self.reading = reading
        if reading.kind == Kind.WORKBOOK:
            with spooled(self._path, self._name, sheet=reading.sheet, header=reading.header) as spool:
                yield from self._workbook(reading, spool)
            return
        readers = {Kind.TABLE: self._table, Kind.NDJSON: self._ndjson, Kind.JSON: self._json}
        with opened(self._path, reading.encoding) as file:
            self.size = file.seek(0, 2)
            file.seek(0)
            yield from readers[reading.kind](reading, file)

    def _json(self, reading: Reading, file: BinaryIO) -> Iterator[Part]:
        if not is_list(file):
            yield from self._whole(reading, file)
            return
        items, texts = list[Placed](), list[bytes]()
        for found in JsonItems(file, self._start):
            items += self._leads(found.placed)
            texts.append(found.text)
            if len(items) >= self._at_a_time:
                yield Part(items, _list(texts), reading.content_type, Position(found.end, found.number + 1))
                items, texts = [], []
        if items:
            yield Part(items, _list(texts), reading.content_type, Position(found.end, found.number + 1))

    def _whole(self, reading: Reading, file: BinaryIO) -> Iterator[Part]:
        """One lead or an envelope."""
        placed, text = whole_items(file, self._name)
        for start in range(self._start.line, len(placed), self._at_a_time):
            some = placed[start : start + self._at_a_time]
            body = text if len(some) == len(placed) else as_json([item for _, item in some]).encode()
            reached = start + len(some)
            position = Position(self.size * reached // len(placed), reached)
            yield Part([lead for item in some for lead in self._leads(item)], body, reading.content_type, position)

    def _ndjson(self, reading: Reading, file: BinaryIO) -> Iterator[Part]:
        lines = LineReader(file, self._start)
        part = _PartBuilder(b"", reading.content_type, self._at_a_time)
        number = self._start.line
        while (line := lines.take()) is not None:
            number += 1
            item = Placed(f"/{number}", read_line(line)) if line.strip(BLANK) else None
            part.add([line], self._leads(item) if item else [], is_refused=bool(item and is_flawed(item.item)))
            if part.is_full:
                yield self._counted(part.taken(Position(lines.position, number)))
        yield from map(self._counted, part.last(Position(lines.position, number)))

    def _table(self, reading: Reading, file: BinaryIO) -> Iterator[Part]:
        encoding = reading.decodes_as
        converter = self._needed()
        lines = LineReader(file)
        header = read_header(
            lines,
            line=reading.header,
            separator=reading.separator,
            encoding=encoding,
            converter=converter,
            file_name=self._name,
        )
        start = self._start if self._start.at else Position(lines.position, len(header.lines))
        lines = LineReader(file, start)
        part = _PartBuilder(b"".join(header.lines), reading.content_type, self._at_a_time)
        rows = Rows(lines, separator=header.separator, width=len(header.names), below=start.line, encoding=encoding)
        for row in rows:
            found = [] if row.is_blank else self._leads(Placed(f"/{row.line}", record_of(header.names, row, encoding)))
            part.add(row.lines, found, is_refused=bool(row.why or row.within))
            self.notices.check_row(row, found)
            if part.is_full:
                yield self._counted(part.taken(Position(lines.position, rows.line)))
        yield from map(self._counted, part.last(Position(lines.position, rows.line)))
        self._check(lines.read)

    def _workbook(self, reading: Reading, spool: Spool) -> Iterator[Part]:
        converter = self._needed()
        self.size = spool.size
        self.notices.merged = in_words(spool.contents.merged, header=reading.header)
        head = next((row for row, _ in spool.rows(Position(0, reading.header - 1))), None)
        if head is None:
            raise FileNotReadable(f"{self._name} has no row {reading.header:,}, where its header should be.")
        names = named(column_names(head.cells), converter=converter, separator="", file_name=self._name)
        part = _PartBuilder(csv_line(head.cells), reading.content_type, self._at_a_time)
        start = max(self._start, Position(0, reading.header), key=lambda position: position.line)
        read, position = 0, start
        for found, position in spool.rows(start):
            row = sheet_row(names, found, set(converter.columns))
            read += 1
            leads = [] if row.is_blank else self._leads(Placed(f"/{row.line}", sheet_record(names, row)))
            part.add(row.lines, leads, is_refused=bool(row.faults))
            self.notices.check_row(row, leads)
            if part.is_full:
                yield self._counted(part.taken(position))
        yield from map(self._counted, part.last(position))
        self._check(read)

    def _counted(self, part: Part) -> Part:
        self.lines = (self.lines or Lines()).plus(part.lines)
        return part

    def _check(self, read: int) -> None:
        """Compare the lines read with the lines counted by outcome."""
        if (self.lines or Lines()).read != read:
            raise FileNotReadable(f"{self._name}: {read:,} lines were read, but their outcomes are {self.lines}.")

    def _needed(self) -> Converter:
        if self.converter is None:
            raise FileNotReadable(f"{self._name} is a table, which needs a mapping. Add one for files to the source.")
        return self.converter

    def _leads(self, placed: Placed) -> list[Placed]:
        return [placed] if self.converter is None else self.converter.convert(placed.item, place=placed.pointer)


def _list(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"


class _PartBuilder:
    """Collects items until a part is full."""

    def __init__(self, head: bytes, content_type: str, at_a_time: int) -> None:
        self._head, self._content_type, self._at_a_time = head, content_type, at_a_time
        self._begin()

    def _begin(self) -> None:
        self._items, self._lines, self._counts = list[Placed](), list[bytes](), Lines()

    @property
    def is_full(self) -> bool:
        return len(self._items) >= self._at_a_time

    def add(self, lines: list[bytes], found: Sequence[Placed], *, is_refused: bool) -> None:
        """Add lines with the leads they gave; without any, they are blank."""
        self._lines += lines
        count = len(lines)
        if not found:
            self._counts = self._counts.plus(Lines(count, blank=count))
        else:
            self._items += found
            taken = 0 if is_refused else count
            self._counts = self._counts.plus(Lines(count, taken=taken, refused=count - taken))

    def taken(self, position: Position) -> Part:
        part = Part(self._items, self._head + b"".join(self._lines), self._content_type, position, self._counts)
        self._begin()
        return part

    def last(self, position: Position) -> Iterator[Part]:
        if self._lines:
            yield self.taken(position)
