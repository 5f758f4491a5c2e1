"""Read a file line by line, counting each line, with the option to put lines back."""

from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

from billing_engine.core.errors import Refused
from leads.domain import limits


class FileNotReadable(Refused):
    """The file has an unsupported format, or doesn't match the mapping."""

    code = "file_not_readable"


class LineReader:
    """Reads the lines of a file unchanged, with their line endings; only a few are in memory at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._put_back = deque[bytes]()
        self.read = 0  # lines read from the file
        self.position = 0  # bytes of the lines that were not put back

    def take(self) -> bytes | None:
        """Return the next line; None at the end."""
        if self._put_back:
            line = self._put_back.popleft()
        else:
            line = self._file.readline(limits.BYTES + 1)
            if len(line) > limits.BYTES:
                raise FileNotReadable(f"Line {self.read + 1:,} exceeds the limit of {limits.BYTES:,} bytes.")
            self.read += bool(line)
        self.position += len(line)
        return line or None

    def put_back(self, lines: Sequence[bytes]) -> None:
        """Put lines back, to be taken again."""
        self._put_back.extendleft(reversed(lines))
        self.position -= sum(map(len, lines))
