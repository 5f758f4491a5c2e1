"""An uploaded file as it is read: what was found in its bytes, and its parts from where an import has come."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from billing_engine.core.queues.progress import percent
from leads.domain.files.look.look import Look, look
from leads.domain.files.parts import LEADS_AT_A_TIME, LeadsFile, Part
from leads.domain.files.reading import BEGINNING, Kind, Position, Reading
from leads.domain.imports.kept_files import on_disk
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.models import FileImport, Source

ODD = re.compile(r"[^\w .,()'&+-]")
PATHS = re.compile(r"[/\\]")
NAME_LENGTH = 60
NAME_BYTES = 240  # a file system takes 255, and an ideograph has up to four
CELL_KEPT = 200  # characters of a cell of the first rows


def look_at(path: Path, *, name: str, source: Source, corrected: Reading | None = None) -> Look:
    """Look at the bytes, with the source's mapping in mind. Raises FileNotReadable."""
    return look(path, name=name, corrected=corrected, converter=active_converter(source, door=FILES))


def set_found(item: FileImport, found: Look) -> None:
    """Note on the import what was found, and how the file is read."""
    rows = [[row.line, [cell[:CELL_KEPT] for cell in row.cells]] for row in found.rows] or [
        [number, [_as_text(record, column) for column in found.columns]]
        for number, record in enumerate(found.records, start=1)
    ]
    item.reading = asdict(found.reading)
    item.found = {
        "columns": list(found.columns),
        "rows": rows,
        "sheets": [list(sheet) for sheet in found.sheets],
        "dates": {column: list(orders) for column, orders in found.dates.items()},
        "warnings": list(found.warnings),
    }


def reading_of(item: FileImport) -> Reading:
    """How the file is read."""
    return Reading(**{**item.reading, "kind": Kind(item.reading["kind"])})


def converter_of(item: FileImport) -> Converter | None:
    """The converter of the mappings that the dry run began with; None if the source had none."""
    documents = [read_document(each["document"]) for each in item.mapping]
    return Converter(documents) if documents else None


def on_disk_as_named(item: FileImport) -> AbstractContextManager[Path]:
    """The bytes as a local file with the import's name, until the block ends. Raises FileGone."""
    return on_disk(item.kept_as, called=plain_name(item.name))


@contextmanager
def opened(item: FileImport, *, start: Position = BEGINNING) -> Iterator[LeadsFile]:
    """The file as it is read, from a position on, until the block ends. Raises FileGone."""
    with on_disk_as_named(item) as path:
        reading = reading_of(item)
        yield LeadsFile(
            path, converter_of(item), reading=reading, start=start, name=item.name, at_a_time=LEADS_AT_A_TIME
        )


def progress_in(file: LeadsFile, part: Part) -> int:
    """How many percent of the file are read after this part; 100 is for files that are finished."""
    return min(99, percent(part.position.at, file.size))


def plain_name(name: str) -> str:
    """A name that every file system takes, with its ending."""
    stem, dot, ending = ODD.sub("_", PATHS.split(name)[-1]).rpartition(".")
    ending = f"{dot}{ending[:10]}"
    room = NAME_BYTES - len(ending.encode())
    stem = (stem or "file")[:NAME_LENGTH].encode()[:room].decode(errors="ignore")
    short = f"{stem}{ending}".strip(". ")
    return short or "file"


def _as_text(record: Any, column: str) -> str:
    value = record.get(column, "") if isinstance(record, dict) else ""
    return ("" if value is None else str(value))[:CELL_KEPT]
