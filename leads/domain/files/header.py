"""Find and read the header of a table: its line and separator, and whether the mapping's columns are there."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from leads.domain.files.lines import FileNotReadable, LineReader
from leads.domain.files.reading import SEPARATORS
from leads.domain.files.rows import parsed
from leads.domain.mapping.language.converter import Converter

SEP = "sep="
BOM = "\ufeff"


class Header(NamedTuple):
    """The columns, named as in the mapping, their separator, and the lines down to the header."""

    names: list[str]
    separator: str
    lines: list[bytes]


class Guess(NamedTuple):
    """Which line is the header, counted from 1, and what separates its columns."""

    line: int
    separator: str


def guess_header(texts: Sequence[str], converter: Converter | None = None) -> Guess:
    """Find the header among the first lines: the first one with all columns of a mapping, or else the first of the table.

    The first of the table is the first line that is as wide as most are, so titles above it are skipped.
    """
    first = next((place for place, text in enumerate(texts) if text.strip(BOM).strip()), 0)
    separators = list(SEPARATORS)
    bare = texts[first].removeprefix(BOM) if texts else ""
    if bare.lower().startswith(SEP) and len(bare.strip("\r\n ")) <= len(SEP) + 1:
        separators, first = [bare.rstrip("\r\n")[len(SEP) :] or ","], first + 1
    if converter:
        for place in range(first, len(texts)):
            for separator in separators:
                if not missing(converter, fields_of(texts[place], separator)):
                    return Guess(place + 1, separator)
    below = [text for text in texts[first:] if text.strip()]
    separator = max(separators, key=lambda each: _likeliness(below, each))
    return Guess(first + 1 + guess_row([fields_of(text, separator) for text in texts[first:]]), separator)


def guess_row(rows: Sequence[Sequence[str]], converter: Converter | None = None) -> int:
    """Return which row is the header, from 0: the first with all columns of a mapping, or else as wide as most are."""
    if converter:
        found = next((place for place, row in enumerate(rows) if not missing(converter, row)), None)
        if found is not None:
            return found
    widths = [_width(row) for row in rows]
    [(_, often)] = Counter(width for width in widths if width > 1).most_common(1) or [(0, 0)]
    first = next((place for place, width in enumerate(widths) if width), 0)
    if often > 1 and widths[first] == 1:
        return next(place for place, width in enumerate(widths) if width > 1)
    return first


def _width(row: Sequence[str]) -> int:
    """The number of filled fields; one value repeated is a title over merged cells."""
    filled = [field for field in row if field.strip()]
    return 1 if len(set(filled)) == 1 else len(filled)


def _likeliness(texts: Sequence[str], separator: str) -> tuple[int, int]:
    widths = [len(fields_of(text, separator)) for text in texts]
    [(_, often)] = Counter(width for width in widths if width > 1).most_common(1) or [(0, 0)]
    return often, widths[0] if widths else 0


def read_header(
    lines: LineReader, *, line: int, separator: str, encoding: str, converter: Converter, file_name: str
) -> Header:
    """Read down to the header and compare it with the columns of the mapping. Raises FileNotReadable, which names both."""
    taken = [lines.take() or b"" for _ in range(line)]
    bare = taken[-1]
    if not bare:
        raise FileNotReadable(f"{file_name} has no line {line:,}, where its header should be.")
    if b"\r" in bare.rstrip(b"\r\n"):
        raise FileNotReadable(
            f"{file_name} ends its lines with only a carriage return. Export it as CSV for Windows or Unix."
        )
    names = fields_of(_text(bare, encoding, file_name), separator)
    return Header(named(names, converter=converter, separator=separator, file_name=file_name), separator, taken)


def named(names: Sequence[str], *, converter: Converter, separator: str, file_name: str) -> list[str]:
    """Return the names of the columns as in the mapping. Raises FileNotReadable if one is missing or there twice."""
    if lacking := missing(converter, names):
        raise FileNotReadable(_not_there(file_name, lacking, names, separator))
    if twice := _twice(names):
        raise FileNotReadable(f"{file_name} has two columns named {twice!r}. Remove or rename one.")
    return _as_called(converter, names)


def _text(line: bytes, encoding: str, file_name: str) -> str:
    try:
        return line.decode(encoding).removeprefix(BOM)
    except UnicodeDecodeError as error:
        words = f"{file_name}: the header contains the byte 0x{line[error.start]:02X}, which is not {encoding.upper()}."
        raise FileNotReadable(f"{words} Choose another encoding.") from error


def fields_of(text: str, separator: str) -> list[str]:
    """Read a line of its own; what is quoted whole is the line that it quotes."""
    text = text.removeprefix(BOM)
    try:
        names = parsed(text, separator)
        return parsed(names[0], separator) if len(names) == 1 and separator in names[0] else names
    except csv.Error:
        return []


def _plain(name: str) -> str:
    """Normalize a column name; case and surrounding spaces don't matter."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def missing(converter: Converter, names: Sequence[str]) -> list[str]:
    """Return the columns that are lacking for the mapping that fits best."""
    return converter.missing(_as_called(converter, names))


def _as_called(converter: Converter, names: Sequence[str]) -> list[str]:
    called = {_plain(column): column for column in converter.columns}
    return [called.get(_plain(name), name.strip()) for name in names]


def _twice(names: Sequence[str]) -> str:
    counts = Counter(_plain(name) for name in names)
    return next((name.strip() for name in names if _plain(name) and counts[_plain(name)] > 1), "")


def _not_there(file_name: str, lacking: Sequence[str], names: Sequence[str], separator: str) -> str:
    told = ("column " if len(lacking) == 1 else "columns ") + ", ".join(map(repr, lacking))
    header = ", ".join(repr(name.strip()[:40]) for name in names[:20]) or "unreadable"
    how = f" (separated by {SEPARATORS[separator]})" if len(names) > 1 and separator in SEPARATORS else ""
    return f"{file_name} has no {told}, which the mapping needs. Its header{how} is: {header}."
