"""Files of leads, read in parts: JSON, NDJSON and CSV, whatever its dirt; nothing in them is lost."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from billing_engine.core.errors import Refused
from leads.domain.body import ROW_MALFORMED, BodyNotReadable, Malformed, Placed, read_line, read_parcel
from leads.domain.faults import Fault
from leads.domain.mapping import mapped
from leads.domain.rows import as_json

LEADS_AT_A_TIME = 500


class FileNotReadable(Refused):
    """The file is none of the kinds that can be read."""

    code = "file_not_readable"


class Part(NamedTuple):
    """Some leads of a file, the bytes they were read from, and how far into the file they reach."""

    items: list[Placed]
    body: bytes
    content_type: str
    reaches: int


def parts_of(path: Path, mapping: Mapping[str, Any]) -> Iterator[Part]:
    """The file in parts of some hundred leads; each becomes a delivery of its own. Raises FileNotReadable.

    An item's place is its line (CSV, NDJSON: `/17`, counted from 1) or its index (JSON).
    """
    kind = path.suffix.lower()
    reader = {".csv": _csv_parts, ".ndjson": _ndjson_parts, ".jsonl": _ndjson_parts, ".json": _json_parts}.get(kind)
    if reader is None:
        raise FileNotReadable(f"{path.name} is neither .json nor .ndjson (.jsonl) nor .csv.")
    try:
        yield from reader(path, mapping)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileNotReadable(f"{path.name} is not {kind[1:].upper()} in UTF-8: {error}.") from error


def _json_parts(path: Path, mapping: Mapping[str, Any]) -> Iterator[Part]:
    size = path.stat().st_size
    try:
        placed = read_parcel(path.read_bytes()).items
    except BodyNotReadable as error:
        raise FileNotReadable(f"{path.name}: {error}") from error
    for start in range(0, len(placed), LEADS_AT_A_TIME):
        some = placed[start : start + LEADS_AT_A_TIME]
        body = as_json([item for _, item in some]).encode()
        reaches = size * (start + len(some)) // len(placed)
        yield Part([_as_lead(item, mapping) for item in some], body, "application/json", reaches)


def _ndjson_parts(path: Path, mapping: Mapping[str, Any]) -> Iterator[Part]:
    items: list[Placed] = []
    lines: list[bytes] = []
    reaches = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            reaches += len(line)
            if not line.strip():
                continue
            items.append(_as_lead(Placed(f"/{number}", read_line(line)), mapping))
            lines.append(line)
            if len(items) == LEADS_AT_A_TIME:
                yield Part(items, b"".join(lines), "application/x-ndjson", reaches)
                items, lines = [], []
    if items:
        yield Part(items, b"".join(lines), "application/x-ndjson", reaches)


def _csv_parts(path: Path, mapping: Mapping[str, Any]) -> Iterator[Part]:
    if not mapping:
        raise FileNotReadable("A CSV file needs the source's field mapping: which column is what.")
    with path.open("rb") as raw:
        lines = _Counted(raw)
        # utf-8-sig: spreadsheets put a byte order mark in front.
        rows = csv.reader(line.decode("utf-8-sig" if lines.first else "utf-8") for line in lines)
        header = next(rows, None)
        if not header:
            raise FileNotReadable(f"{path.name} is empty.")
        head = lines.take()
        items: list[Placed] = []
        for row in rows:
            if row:
                items.append(_as_lead(Placed(f"/{rows.line_num}", _record(header, row)), mapping))
            if len(items) == LEADS_AT_A_TIME:
                yield Part(items, head + lines.take(), "text/csv", lines.reaches)
                items = []
        if items:
            yield Part(items, head + lines.take(), "text/csv", lines.reaches)


class _Counted:
    """Lines of a file that remembers what was read since it was last asked."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._since: list[bytes] = []
        self.reaches = 0
        self.first = True

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.reaches += len(line)
            self._since.append(line)
            yield line
            self.first = False

    def take(self) -> bytes:
        taken, self._since = b"".join(self._since), []
        return taken


def _record(header: Sequence[str], row: Sequence[str]) -> dict[str, str] | Malformed:
    if len(row) == 1 < len(header):
        # Some exports quote a row whole: what looks like one field is the row itself.
        row = next(csv.reader([row[0]]), [])
    if len(row) == len(header):
        return dict(zip(header, row, strict=True))
    words = f"The row has {len(row)} fields, the header {len(header)}."
    return Malformed(list(row), Fault(ROW_MALFORMED, "", words))


def _as_lead(placed: Placed, mapping: Mapping[str, Any]) -> Placed:
    pointer, item = placed
    if not mapping or not isinstance(item, dict):
        return placed
    lead = mapped(mapping, item)
    return Placed(pointer, Malformed(item, lead) if isinstance(lead, Fault) else lead)
