"""The faulty rows that a dry run finds, kept as a file to be fixed in a spreadsheet and imported again."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from leads.domain.body.parcel import Placed
from leads.domain.files.faulty_rows import RowFault, csv_lines, faulty_rows
from leads.domain.imports.content import on_disk_as_named, reading_of
from leads.domain.imports.kept_files import keep
from leads.domain.intake.receipt import HELD, Result
from leads.models import FileImport


class FaultsOnDisk:
    """The faults of each row in the order of the file: a file may have millions, so they are not kept in memory."""

    def __init__(self, folder: Path, file: IO[str]) -> None:
        self._folder, self._file = folder, file
        self.found = 0

    def add(self, items: Sequence[Placed], results: Sequence[Result]) -> None:
        """Add the faults of a part."""
        for placed, result in zip(items, results, strict=True):
            for part in (result, *result.actions):
                if part.fault and part.fault.code != HELD.code:
                    self.found += 1
                    row = [_line(placed.pointer), part.fault.code, part.fault.message]
                    self._file.write(json.dumps(row) + "\n")

    def keep_rows_of(self, item: FileImport) -> str:
        """Keep the faulty rows as a CSV file, and return its name; "" if there are none."""
        if not self.found:
            return ""
        self._file.flush()
        path = self._folder / "faulty.csv"
        with (
            on_disk_as_named(item) as original,
            faulty_rows(original, reading_of(item), self._again(), name=item.name) as table,
            path.open("w", encoding="utf-8", newline="") as written,
        ):
            written.writelines(csv_lines(table))
        return keep(path)

    def _again(self) -> Iterator[RowFault]:
        with (self._folder / "faults").open(encoding="utf-8") as lines:
            for line in lines:
                yield RowFault(*json.loads(line))


@contextmanager
def faults_on_disk() -> Iterator[FaultsOnDisk]:
    """Collect faults until the block ends."""
    with TemporaryDirectory(prefix="import-") as name:
        folder = Path(name)
        with (folder / "faults").open("w", encoding="utf-8") as file:
            yield FaultsOnDisk(folder, file)


def _line(place: str) -> int:
    first = place.split("/")[1] if "/" in place else ""
    return int(first) if first.isdecimal() else 0
