"""How a file is read: what was found in its bytes and confirmed by a person, and the position that was reached."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a file is, by its bytes."""

    TABLE = "table"
    WORKBOOK = "workbook"
    JSON = "json"
    NDJSON = "ndjson"


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

# Each has line ends of one byte, except for UTF-16, which is converted before it is read.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western European)",
    "latin-1": "ISO-8859-1 (Western European)",
    "iso8859-15": "ISO-8859-15 (Western European with €)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "mac-roman": "Mac Roman",
}
CHARSETS = {"latin-1": "iso-8859-1", "mac-roman": "macintosh", "iso8859-15": "iso-8859-15"} | {
    f"cp{number}": f"windows-{number}" for number in (1250, 1251, 1252, 1253, 1254)
}


@dataclass(frozen=True)
class Reading:
    """How to read a file; `header` is the line or row of the column names, counted from 1."""

    kind: Kind
    encoding: str = "utf-8"
    separator: str = ""
    header: int = 1
    sheet: str = ""

    @property
    def separated_by(self) -> str:
        return SEPARATORS.get(self.separator, repr(self.separator))

    @property
    def in_words(self) -> str:
        """How the file is read, as it is told."""
        if self.kind == Kind.WORKBOOK:
            return f"A workbook: the sheet {self.sheet!r}, its header in row {self.header:,}."
        if self.kind != Kind.TABLE:
            return "JSON." if self.kind == Kind.JSON else "One JSON object per line."
        return (
            f"A table in {ENCODINGS[self.encoding]}: columns separated by {self.separated_by}, its header on line"
            f" {self.header:,}."
        )

    @property
    def decodes_as(self) -> str:
        """The encoding of the lines: UTF-16 is converted before they are read."""
        return "utf-8" if self.encoding == "utf-16" else self.encoding

    @property
    def content_type(self) -> str:
        """The type of the bytes that are kept; UTF-16 and workbooks are kept as they were converted."""
        if self.kind == Kind.JSON:
            return "application/json"
        if self.kind == Kind.NDJSON:
            return "application/x-ndjson"
        charset = CHARSETS.get(self.encoding) if self.kind == Kind.TABLE else None
        return f"text/csv; charset={charset}" if charset else "text/csv"


class Position(NamedTuple):
    """How far a file was read: bytes, and the number of the last line, row or item."""

    at: int = 0
    line: int = 0


BEGINNING = Position()
