"""Split a file into parts of a few hundred leads; each becomes its own delivery."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from leads.domain.body.decode import ROW_MALFORMED, BodyNotReadable, as_json
from leads.domain.body.parcel import Lines, Placed
from leads.domain.body.parse import read_line, read_parcel
from leads.domain.faults import Fault, Flawed, Malformed
from leads.domain.files.header import Header, read_header
from leads.domain.files.lines import FileNotReadable, LineReader
from leads.domain.files.mapping import mapped
from leads.domain.files.notices import Notices
from leads.domain.files.rows import Row, Rows

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

    def __init__(self, path: Path, mapping: Mapping[str, Any]) -> None:
        self._path, self._mapping = path, mapping
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
            yield Part([self._as_lead(item) for item in some], body, "application/json", position)

    def _ndjson(self) -> Iterator[Part]:
        with self._path.open("rb") as file:
            lines = LineReader(file)
            part = _PartBuilder(b"", "application/x-ndjson")
            while (line := lines.take()) is not None:
                item = Placed(f"/{lines.read}", read_line(line)) if line.strip() else None
                part.add([line], item and self._as_lead(item), is_refused=bool(item and _flaw(item.item)))
                if part.is_full:
                    yield self._counted(part.taken(lines.position))
            yield from map(self._counted, part.last(lines.position))

    def _table(self) -> Iterator[Part]:
        if not self._mapping:
            raise FileNotReadable("A CSV file needs a field mapping. Add one to the source.")
        with self._path.open("rb") as file:
            lines = LineReader(file)
            header = read_header(lines, self._mapping, self._path.name)
            self.notices.separated_by = header.separated_by
            part = _PartBuilder(b"".join(header.lines), "text/csv")
            for row in Rows(lines, separator=header.separator, width=len(header.names), below=len(header.lines)):
                item = None if row.is_blank else self._as_lead(Placed(f"/{row.line}", _record(header, row)))
                part.add(row.lines, item, is_refused=bool(row.why or row.within))
                self.notices.check_row(row, item)
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

    def _as_lead(self, placed: Placed) -> Placed:
        pointer, item = placed
        if not self._mapping or not isinstance(item, dict):
            return placed
        lead = _flaw(item) or mapped(self._mapping, item)
        return Placed(pointer, Malformed(item, lead) if isinstance(lead, Fault) else lead)


def _flaw(item: Any) -> Fault | None:
    """Return the fault of a record, including that of an action in it, because a record is not a lead yet."""
    if isinstance(item, Malformed):
        return item.fault
    if not isinstance(item, Flawed) or item.fault:
        return item.fault if isinstance(item, Flawed) else None
    parts = enumerate(item["actions"])
    found = ((place, part.fault) for place, part in parts if isinstance(part, Flawed) and part.fault)
    return next((fault._replace(pointer=f"/actions/{place}{fault.pointer}") for place, fault in found), None)


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

    def add(self, lines: list[bytes], item: Placed | None, *, is_refused: bool) -> None:
        self._lines += lines
        count = len(lines)
        if item is None:
            self._counts = self._counts.plus(Lines(count, blank=count))
        else:
            self._items.append(item)
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
