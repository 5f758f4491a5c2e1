"""Start the process that reads a workbook, and stream what it wrote."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec

from leads.domain.files.lines import FileNotReadable
from leads.domain.files.reading import BEGINNING, Position
from leads.domain.files.rows import CellFault
from leads.domain.files.sheets.bounds import MEMORY_BYTES, REFUSED, SECONDS
from leads.domain.files.sheets.merged import Area

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[4]
CHILD = "leads.domain.files.sheets.child"
NEW_LINE = "\n"
TOO_LARGE = "needs more memory or time than a workbook may. Split it, or export it as CSV."


class Contents(msgspec.Struct):
    """What a workbook has: the sheet that was read, and the sizes of all sheets if they were asked for."""

    sheet: str
    sheets: list[tuple[str, int, int]]
    merged: list[Area]
    is_checked: bool  # for errors and for formulas without a value, which only XLSX allows


class SheetRow(msgspec.Struct, array_like=True):
    """One row of a sheet, counted from 1, its cells from the first column on, and those without a usable value."""

    number: int
    cells: list[str]
    faults: list[tuple[int, str, str]]

    @property
    def cell_faults(self) -> list[CellFault]:
        return [CellFault(*fault) for fault in self.faults]


_decode_row = msgspec.json.Decoder(SheetRow).decode
_decode_contents = msgspec.json.Decoder(Contents).decode


class Spool:
    """The rows that the process has written to a temporary file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        self.contents = _decode_contents(file.readline())
        self._first = file.tell()
        self.size = file.seek(0, os.SEEK_END)

    def rows(self, start: Position = BEGINNING) -> Iterator[tuple[SheetRow, Position]]:
        """Yield the rows after the last one that was reached, each with the position after it."""
        self._file.seek(self._first)
        at = self._first
        for _ in range(start.line):  # each line is one row
            at += len(self._file.readline())
        while not (line := self._file.readline()).startswith(b"{"):
            if not line:
                raise FileNotReadable("The rows of the workbook end too early. Import it again.")
            row = _decode_row(line)
            at += len(line)
            yield row, Position(at, row.number)


@contextmanager
def spooled(
    path: Path,
    name: str,
    *,
    sheet: str = "",
    header: int = 0,
    is_look: bool = False,
    seconds: int = SECONDS,
    memory: int = MEMORY_BYTES,
) -> Iterator[Spool]:
    """Read a sheet in a process of its own, and keep its rows until the block ends. Raises FileNotReadable.

    The temporary file has no name, so that nothing of it remains however this process ends.
    """
    asked = {"path": str(path), "sheet": sheet, "header": header, "is_look": is_look}
    program = [sys.executable, "-P", "-m", CHILD, json.dumps(asked | {"seconds": seconds, "memory": memory})]
    environ = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with TemporaryFile() as file:
        try:
            done = subprocess.run(  # noqa: S603 -- our own module
                program, stdout=file, stderr=subprocess.PIPE, timeout=seconds, env=environ, cwd="/", check=False
            )
        except subprocess.TimeoutExpired as error:  # `run` has killed it
            raise FileNotReadable(f"{name} {TOO_LARGE}") from error
        if done.returncode == REFUSED:
            raise FileNotReadable(f"{name} {done.stderr.decode(errors='replace').rpartition(NEW_LINE)[2]}")
        if done.returncode < 0:
            raise FileNotReadable(f"{name} {TOO_LARGE}")
        if done.returncode:
            logger.error("The reader of workbooks failed: %s", done.stderr.decode(errors="replace")[-2000:])
            raise FileNotReadable(f"{name} is a damaged workbook. Save it again and upload the new file.")
        yield Spool(file)
