"""Read the header of a CSV file: find its separator, and check that the mapping's columns are there."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from leads.domain.files.lines import FileNotReadable, LineReader
from leads.domain.files.rows import parsed
from leads.domain.mapping.language.converter import Converter

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEP = b"sep="
_OTHERS = (
    (b"PK\x03\x04", "an Excel workbook or another ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"\xff\xfe", "in UTF-16"),
    (b"\xfe\xff", "in UTF-16"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
)


class Header(NamedTuple):
    """The columns, named as in the mapping, their separator, and the lines of the header."""

    names: list[str]
    separator: str
    lines: list[bytes]

    @property
    def separated_by(self) -> str:
        return SEPARATORS.get(self.separator, repr(self.separator))


def read_header(lines: LineReader, converter: Converter, file_name: str) -> Header:
    """Read the header and compare it with the columns of the mapping. Raises FileNotReadable, which names both."""
    taken, separators = list[bytes](), list(SEPARATORS)
    bare = _next(lines, taken).removeprefix(b"\xef\xbb\xbf")
    while bare and not bare.strip():
        bare = _next(lines, taken)
    _check_kind(bare, file_name)
    if bare.lower().startswith(_SEP) and len(bare.strip()) <= len(_SEP) + 1:
        separators = [bare.rstrip(b"\r\n")[len(_SEP) :].decode(errors="replace") or ","]
        bare = _next(lines, taken)
    text = _text(bare, file_name)
    readings = [(separator, _fields(text, separator)) for separator in separators]
    called = {_plain(column): column for column in converter.columns}
    # Prefer a reading that has all columns of a mapping, then the one with the most columns.
    separator, names = max(readings, key=lambda each: (not _missing(converter, called, each[1]), len(each[1])))
    if missing := _missing(converter, called, names):
        raise FileNotReadable(_not_there(file_name, missing, names, separator))
    if twice := _twice(names):
        raise FileNotReadable(f"{file_name} has two columns named {twice!r}. Remove or rename one.")
    return Header(_named(called, names), separator, taken)


def _next(lines: LineReader, taken: list[bytes]) -> bytes:
    taken.append(lines.take() or b"")
    return taken[-1]


def _check_kind(beginning: bytes, file_name: str) -> None:
    if not beginning:
        raise FileNotReadable(f"{file_name} is empty.")
    if beginning.lstrip().startswith(b"<"):
        raise FileNotReadable(f"{file_name} is not a table but HTML or XML. Export it as CSV.")
    for sign, kind in _OTHERS:
        if beginning.startswith(sign):
            raise FileNotReadable(f"{file_name} is not CSV: it is {kind}. Export it as CSV in UTF-8.")
    if b"\r" in beginning.rstrip(b"\r\n"):
        raise FileNotReadable(
            f"{file_name} ends its lines with only a carriage return. Export it as CSV for Windows or Unix."
        )


def _text(line: bytes, file_name: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        words = f"{file_name} is not CSV in UTF-8: its header contains the byte 0x{line[error.start]:02X}."
        raise FileNotReadable(words) from error


def _fields(text: str, separator: str) -> list[str]:
    try:
        names = parsed(text, separator)
        return parsed(names[0], separator) if len(names) == 1 and separator in names[0] else names
    except csv.Error:
        return []


def _plain(name: str) -> str:
    """Normalize a column name; case and surrounding spaces don't matter."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def _named(called: dict[str, str], names: Sequence[str]) -> list[str]:
    """Name the columns as the mappings do."""
    return [called.get(_plain(name), name.strip()) for name in names]


def _missing(converter: Converter, called: dict[str, str], names: Sequence[str]) -> list[str]:
    return converter.missing(_named(called, names))


def _twice(names: Sequence[str]) -> str:
    counts = Counter(_plain(name) for name in names)
    return next((name.strip() for name in names if _plain(name) and counts[_plain(name)] > 1), "")


def _not_there(file_name: str, missing: Sequence[str], names: Sequence[str], separator: str) -> str:
    told = ("column " if len(missing) == 1 else "columns ") + ", ".join(map(repr, missing))
    header = ", ".join(repr(name.strip()[:40]) for name in names[:20]) or "unreadable"
    how = f" (separated by {SEPARATORS[separator]})" if len(names) > 1 and separator in SEPARATORS else ""
    return f"{file_name} has no {told}, which the mapping needs. Its header{how} is: {header}."
