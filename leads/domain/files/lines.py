"""The lines of a file, one by one, each counted; those that were read too far are put back."""

from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

from billing_engine.core.errors import Refused
from leads.domain import limits


class FileNotReadable(Refused):
    """The file is none of the kinds that can be read, or not the one that the field mapping is for."""

    code = "file_not_readable"


class LinesOf:
    """The lines of a file as they are, with their ends; never more than a few of them at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._put_back = deque[bytes]()
        self.read = 0  # from the file, each once
        self.reaches = 0  # the bytes of those that were taken for good

    def take(self) -> bytes | None:
        """The next line; None at the end."""
        if self._put_back:
            line = self._put_back.popleft()
        else:
            line = self._file.readline(limits.BYTES + 1)
            if len(line) > limits.BYTES:
                raise FileNotReadable(
                    f"Line {self.read + 1:,} has more than {limits.BYTES:,} bytes: no line is that long."
                )
            self.read += bool(line)
        self.reaches += len(line)
        return line or None

    def put_back(self, lines: Sequence[bytes]) -> None:
        """To be taken again."""
        self._put_back.extendleft(reversed(lines))
        self.reaches -= sum(map(len, lines))
