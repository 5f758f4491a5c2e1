"""Read a file line by line, counting each line, with the option to put lines back."""

import codecs
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.files.reading import BEGINNING, Position

CHUNK = 1024 * 1024
FIRST_HALF = range(0xD8, 0xDC)
NEVER_IN_TEXT = b"\xff"


class FileNotReadable(Refused):
    """The file has an unsupported format, or doesn't match the mapping."""

    code = "file_not_readable"


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[BinaryIO]:
    """Open a file whose lines end with one byte: UTF-16 is converted to UTF-8, which takes disk space but no memory."""
    with path.open("rb") as file:
        if encoding != "utf-16":
            yield file
            return
        with TemporaryFile() as converted:
            _convert(file, converted)
            converted.seek(0)
            yield converted


def _convert(file: BinaryIO, into: BinaryIO) -> None:
    """Convert UTF-16 to UTF-8; what is damaged stays damaged, so that its own row is refused."""
    start = file.read(2)
    name = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(start)
    if name is None:
        name = "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
        file.seek(0)
    rest = b""
    while chunk := file.read(CHUNK):
        text = rest + chunk
        whole = len(text) // 2 * 2
        upper_byte = text[whole - 1 if name == "utf-16-le" else whole - 2] if whole else 0
        if upper_byte in FIRST_HALF:  # both halves of a surrogate pair are converted together
            whole -= 2
        into.write(_converted(text[:whole], name))
        rest = text[whole:]
    whole = len(rest) // 2 * 2
    into.write(_converted(rest[:whole], name) + NEVER_IN_TEXT * (len(rest) - whole))


def _converted(text: bytes, name: str) -> bytes:
    return text.decode(name, "surrogatepass").encode("utf-8", "surrogatepass")


class LineReader:
    """Reads the lines of a file unchanged, with their line endings; only a few are in memory at once."""

    def __init__(self, file: BinaryIO, start: Position = BEGINNING) -> None:
        self._file, self._before = file, start.line
        self._put_back = deque[bytes]()
        file.seek(start.at)
        self.read = 0  # lines read from the file
        self.position = start.at  # bytes up to the end of the last line that was not put back

    def take(self) -> bytes | None:
        """Return the next line; None at the end."""
        if self._put_back:
            line = self._put_back.popleft()
        else:
            line = self._file.readline(limits.BYTES + 1)
            if len(line) > limits.BYTES:
                number = self._before + self.read + 1
                raise FileNotReadable(f"Line {number:,} exceeds the limit of {limits.BYTES:,} bytes.")
            self.read += bool(line)
        self.position += len(line)
        return line or None

    def put_back(self, lines: Sequence[bytes]) -> None:
        """Put lines back, to be taken again."""
        self._put_back.extendleft(reversed(lines))
        self.position -= sum(map(len, lines))
