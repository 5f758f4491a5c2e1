"""Split a file into parts of a few hundred leads; each becomes its own delivery."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from leads.domain.body.decode import ROW_MALFORMED, BodyNotReadable, as_json
from leads.domain.body.parcel import Lines, Placed
from leads.domain.body.parse import read_line, read_parcel
from leads.domain.faults import Fault, Malformed, flaw_of
from leads.domain.files.header import Header, read_header
from leads.domain.files.lines import FileNotReadable, LineReader
from leads.domain.files.notices import Notices
from leads.domain.files.rows import Row, Rows
from leads.domain.mapping.language.converter import Converter

LEADS_AT_A_TIME = 500
ROWS_IN_A_FIELD = "rows_in_a_field"
TEXT_KEPT = 10_000  # characters of an unreadable row; the delivery has all of it


class Part(NamedTuple):
    """Some leads of a file, the bytes they were read from, their line counts, and the position reached in the file."""

    items: list[Placed]
    body: bytes
    content_type: str
    position: int
    lines: Lines = Lines()


class LeadsFile:
    """A file of leads, with its line counts and warnings after it was read."""

    def __init__(self, path: Path, converter: Converter | None) -> None:
        self._path, self._converter = path, converter
        self.lines: Lines | None = None  # for files with lines
        self.notices = Notices()

    def parts(self) -> Iterator[Part]:
        """Read the parts one by one. Raises FileNotReadable, usually before the first part.

        The place of an item is its first line (CSV, NDJSON: `/17`, counted from 1) or its index (JSON).
        """
        name = self._path.name
        readers = {".csv": self._table, ".tsv": self._table, ".ndjson": self._ndjson, ".jsonl": self._ndjson}
        reader = (readers | {".json": self._json}).get(self._path.suffix.lower())
        if reader is None:
            raise FileNotReadable(f"{name} must end in .json, .ndjson, .jsonl, .csv or .tsv.")
        yield from reader()

    def _json(self) -> Iterator[Part]:
        size = self._path.stat().st_size
        try:
            placed = read_parcel(self._path.read_bytes()).items
        except BodyNotReadable as error:
            raise FileNotReadable(f"{self._path.name}: {error}") from error
        for start in range(0, len(placed), LEADS_AT_A_TIME):
            some = placed[start : start + LEADS_AT_A_TIME]
            body = as_json([item for _, item in some]).encode()
            position = size * (start + len(some)) // len(placed)
            yield Part([lead for item in some for lead in self._leads(item)], body, "application/json", position)

    def _ndjson(self) -> Iterator[Part]:
        with self._path.open("rb") as file:
            lines = LineReader(file)
            part = _PartBuilder(b"", "application/x-ndjson")
            while (line := lines.take()) is not None:
                item = Placed(f"/{lines.read}", read_line(line)) if line.strip() else None
                found = self._leads(item) if item else []
                part.add([line], found, is_refused=bool(item and flaw_of(item.item)))
                if part.is_full:
                    yield self._counted(part.taken(lines.position))
            yield from map(self._counted, part.last(lines.position))

    def _table(self) -> Iterator[Part]:
        if self._converter is None:
            raise FileNotReadable("A CSV file needs a mapping. Add one for files to the source.")
        with self._path.open("rb") as file:
            lines = LineReader(file)
            header = read_header(lines, self._converter, self._path.name)
            self.notices.separated_by = header.separated_by
            part = _PartBuilder(b"".join(header.lines), "text/csv")
            for row in Rows(lines, separator=header.separator, width=len(header.names), below=len(header.lines)):
                found = [] if row.is_blank else self._leads(Placed(f"/{row.line}", _record(header, row)))
                part.add(row.lines, found, is_refused=bool(row.why or row.within))
                self.notices.check_row(row, found)
                if part.is_full:
                    yield self._counted(part.taken(lines.position))
            yield from map(self._counted, part.last(lines.position))
            self._check(lines.read - len(header.lines))

    def _counted(self, part: Part) -> Part:
        self.lines = (self.lines or Lines()).plus(part.lines)
        return part

    def _check(self, read: int) -> None:
        """Compare the lines read with the lines counted by outcome."""
        if (self.lines or Lines()).read != read:
            raise FileNotReadable(f"{self._path.name}: {read:,} lines were read, but their outcomes are {self.lines}.")

    def _leads(self, placed: Placed) -> list[Placed]:
        return [placed] if self._converter is None else self._converter.convert(placed.item, place=placed.pointer)


class _PartBuilder:
    """Collects items until a part is full."""

    def __init__(self, head: bytes, content_type: str) -> None:
        self._head, self._content_type = head, content_type
        self._begin()

    def _begin(self) -> None:
        self._items, self._lines, self._counts = list[Placed](), list[bytes](), Lines()

    @property
    def is_full(self) -> bool:
        return len(self._items) >= LEADS_AT_A_TIME

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

    def taken(self, position: int) -> Part:
        part = Part(self._items, self._head + b"".join(self._lines), self._content_type, position, self._counts)
        self._begin()
        return part

    def last(self, position: int) -> Iterator[Part]:
        if self._lines:
            yield self.taken(position)


def _record(header: Header, row: Row) -> dict[str, str] | Malformed:
    fits = len(row.fields) == len(header.names)
    record = dict(zip(header.names, row.fields, strict=True)) if fits else {}
    if row.why:
        # Keep it by columns if they are known, so that it can be corrected in the admin.
        content = row.text[:TEXT_KEPT] if len(row.text) > TEXT_KEPT else record or list(row.fields) or row.text
        return Malformed(content, Fault(ROW_MALFORMED, "", row.why))
    if row.within is None:
        return record
    first, last = row.within
    which = f"line {first:,} looks like a row" if first == last else f"lines {first:,} to {last:,} look like rows"
    words = (
        f"A quote opens on line {row.line:,} and closes on line {row.line + len(row.lines) - 1:,}, so that {which} of the"
        " table. If a quote is missing, fix the file and import it again. If the field is correct, retry this item."
    )
    return Malformed(record, Fault(ROWS_IN_A_FIELD, "", words))
