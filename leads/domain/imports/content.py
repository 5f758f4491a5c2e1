"""The parts of an uploaded file, from where an import has come."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from leads.domain.files.parts import LeadsFile, Part
from leads.domain.imports.kept_files import on_disk
from leads.models import FileImport

ODD = re.compile(r"[^\w .()+-]")
PATHS = re.compile(r"[/\\]")
NAME_LENGTH = 60


class Content(NamedTuple):
    """An opened file."""

    file: LeadsFile

    def parts(self, start: int) -> Iterator[tuple[int, Part]]:
        """Yield each part that begins at `start` or later, with where it begins."""
        begin = 0
        for part in self.file.parts():
            if begin >= start:
                yield begin, part
            begin = part.position


@contextmanager
def opened(item: FileImport) -> Iterator[Content]:
    """The file as its mapping reads it, until the block ends. Raises FileGone or FileNotReadable."""
    with on_disk(item.kept_as, called=plain_name(item.name)) as path:
        yield Content(LeadsFile(path, item.mapping))


def plain_name(name: str) -> str:
    """A name that every file system takes, with its ending."""
    stem, dot, ending = ODD.sub("_", PATHS.split(name)[-1]).rpartition(".")
    short = f"{(stem or 'file')[:NAME_LENGTH]}{dot}{ending[:10]}".strip(". ")
    return short or "file"


def reading_of(path: Path, *, name: str) -> dict[str, Any]:
    """What was found in the bytes. Raises FileNotReadable."""
    return {}
