"""Read the items of a JSON list one by one, as they are written: a file of any size needs the memory of one item."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.body.decode import ROW_MALFORMED, BodyNotReadable, read_item
from leads.domain.body.parcel import Placed
from leads.domain.body.parse import read_parcel
from leads.domain.faults import Fault, Malformed
from leads.domain.files.lines import FileNotReadable
from leads.domain.files.reading import BEGINNING, Position

CHUNK = 1024 * 1024
# Text up to the next bracket or comma outside of strings. A string that isn't closed yet ends the search.
_TOKEN = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{},])', re.DOTALL)
# The same up to the next bracket: within an item, commas don't matter.
_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)


class RawItem(NamedTuple):
    """The text of an item, its number from 0, and the bytes up to where the next one begins.

    `is_whole` is false for an item that is never closed, and for what follows the list.
    """

    number: int
    text: bytes
    end: int
    is_whole: bool = True

    @property
    def placed(self) -> Placed:
        """The item as far as it can be read."""
        return Placed(f"/{self.number}", self._read())

    def _read(self) -> Any:
        try:
            if self.is_whole:
                return read_item(self.text)
            words = "The list ends here or is cut off, so this is not an item of it."
        except BodyNotReadable as error:
            words = str(error)
        return Malformed(self.text.decode(errors="replace"), Fault(ROW_MALFORMED, "", words))


def is_list(file: BinaryIO) -> bool:
    """Return whether the file is a list, and not one object or an envelope."""
    file.seek(0)
    return file.read(CHUNK).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")


def whole_items(file: BinaryIO, name: str) -> tuple[list[Placed], bytes]:
    """Read one lead or an envelope, which has a limit, and return its items and its text. Raises FileNotReadable."""
    file.seek(0)
    text = file.read(limits.BYTES + 1)
    if len(text) > limits.BYTES:
        words = (
            f"{name} has more than {limits.BYTES:,} bytes, and is one JSON object. Send a list, or one lead per line."
        )
        raise FileNotReadable(words)
    try:
        return read_parcel(text).items, text
    except Refused as error:
        raise FileNotReadable(f"{name}: {error}") from error


class JsonItems:
    """The items of the list in a file, from a position that was reached before."""

    def __init__(self, file: BinaryIO, start: Position = BEGINNING) -> None:
        self._file, self._index = file, start.line
        file.seek(start.at)
        self._text, self._place, self._before = b"", 0, start.at
        if not start.at:
            while self._more() and b"[" not in self._text:
                pass
            self._place = self._text.index(b"[") + 1  # the file was recognized by it

    def __iter__(self) -> Iterator[RawItem]:
        sign: bytes | None = b","
        while sign == b",":
            text, sign = self._next()
            if text.strip() or sign == b",":
                yield self._item(text, is_whole=sign is not None)
            if sign is not None:
                self._place += 1
        if sign == b"]" and (rest := self._rest()).strip():
            yield self._item(rest, is_whole=False)

    def _item(self, text: bytes, *, is_whole: bool) -> RawItem:
        """The list's closing bracket stays for the reader that goes on from here, a comma doesn't."""
        index, self._index = self._index, self._index + 1
        end = self._before + self._place
        return RawItem(index, text, end + (self._text[self._place : self._place + 1] == b","), is_whole=is_whole)

    def _next(self) -> tuple[bytes, bytes | None]:
        """Move to the comma after this item, or the end of the list, and return both; at the end of the file, None."""
        depth, start, place = 0, self._place, self._place
        while True:
            token = (_BRACKET if depth else _TOKEN).match(self._text, place)
            if token is None:
                place -= start
                is_more, start = self._more(), 0
                if not is_more:
                    return self._rest(), None
                continue
            sign, place = token[1], token.end()
            if sign in b"[{":
                depth += 1
            elif depth and sign in b"]}":
                depth -= 1
            elif sign in b",]":
                self._place = place - 1
                return self._text[start : self._place], sign

    def _rest(self) -> bytes:
        while self._more():
            pass
        rest, self._place = self._text[self._place :], len(self._text)
        return rest

    def _more(self) -> bool:
        """Read more, and forget what was returned."""
        self._text, self._before, self._place = self._text[self._place :], self._before + self._place, 0
        if len(self._text) > limits.BYTES:
            words = (
                f"The item at byte {self._before:,} exceeds the limit of {limits.BYTES:,} bytes, or is never closed."
            )
            raise FileNotReadable(words)
        chunk = self._file.read(CHUNK)
        self._text += chunk
        return bool(chunk)
