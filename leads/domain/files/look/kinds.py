"""Tell what a file is by its bytes; whatever is not a list of leads is refused in its own sentence."""

import codecs
import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from zipfile import BadZipFile, ZipFile

import msgspec

from leads.domain import limits
from leads.domain.files.lines import FileNotReadable
from leads.domain.files.reading import Kind

HEAD_BYTES = 4096
CHUNK = 1024 * 1024
_OTHERS = (
    (b"%PDF", "is a PDF. Export the table as CSV or XLSX"),
    (b"\x1f\x8b", "is packed with gzip. Unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive. Unpack it first"),
    (b"Rar!", "is a RAR archive. Unpack it first"),
    (b"\x89PNG", "is an image. Export the table as CSV or XLSX"),
    (b"\xff\xd8\xff", "is an image. Export the table as CSV or XLSX"),
    (b"PAR1", "is a Parquet file. Export the table as CSV or XLSX"),
    (b"SQLite format 3", "is a database. Export the table as CSV or XLSX"),
)
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LIST = re.compile(rb"\[\s*(?:[\[\]{\"\-\d]|true|false|null|$)")
_HTML = re.compile(rb"<!doctype html|<html|<head|<body|<table|<meta|<style", re.IGNORECASE)


class Found(NamedTuple):
    """What a file is; `is_utf_16` is known from its first bytes."""

    kind: Kind
    is_utf_16: bool = False


def kind_of(path: Path, name: str) -> Found:
    """Return what a file is. Raises FileNotReadable."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for sign, words in _OTHERS:
        if head.startswith(sign):
            raise FileNotReadable(f"{name} {words}.")
    if head.startswith((_ZIP, b"PK\x05\x06")):
        return Found(_zip(path, name))
    if head.startswith(_OLE):
        return Found(_old_office(path, name))
    is_utf_16 = _is_utf_16(head)
    text = _as_bytes(head) if is_utf_16 else head.removeprefix(codecs.BOM_UTF8)
    if not is_utf_16 and b"\0" in head.rstrip(b"\0"):
        raise FileNotReadable(f"{name} is not text: it contains zero bytes. Export it as CSV or XLSX.")
    return Found(_text(path, name, text.lstrip(), is_utf_16=is_utf_16), is_utf_16)


def _text(path: Path, name: str, text: bytes, *, is_utf_16: bool) -> Kind:
    if not text.strip(b"\0"):
        if not _has_text(path):
            raise FileNotReadable(f"{name} is empty.")
        return Kind.TABLE
    if text.startswith(b"<"):
        if _HTML.match(text):
            raise FileNotReadable(f"{name} is a web page (HTML), not a table. Export it as CSV or XLSX.")
        raise FileNotReadable(f"{name} is XML, not a table. Export it as CSV or XLSX.")
    if text.startswith(b"{"):
        return Kind.JSON if is_utf_16 and b"\n" not in text else _objects(path, is_utf_16=is_utf_16)
    return Kind.JSON if _LIST.match(text) else Kind.TABLE


def _has_text(path: Path) -> bool:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if chunk.translate(None, b" \t\r\n\0\xef\xbb\xbf\xfe\xff"):
                return True
    return False


def _is_utf_16(head: bytes) -> bool:
    """Return whether it begins with a byte order mark, or has a zero in every other byte as Latin letters do."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    sample = head[: len(head) // 2 * 2]
    even, odd = sample[::2], sample[1::2]
    half = len(even) * 2 // 5
    return len(sample) > 3 and (
        (even.count(0) > half and not odd.count(0)) or (odd.count(0) > half and not even.count(0))
    )


def _as_bytes(head: bytes) -> bytes:
    """Return the text of UTF-16 without its zeros, which is enough to tell what it is."""
    return head.removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE).replace(b"\0", b"")


def _objects(path: Path, *, is_utf_16: bool) -> Kind:
    """Tell one JSON object or envelope from one object per line."""
    with path.open("rb") as file:
        filled = list(islice(_filled(file, is_utf_16=is_utf_16), 2))
    objects = [_object(line) for line in filled]
    if objects[0] is not None:
        is_envelope = len(filled) == 1 and ("leads" in objects[0] or "schema_version" in objects[0])
        return Kind.JSON if is_envelope else Kind.NDJSON
    is_per_line = len(filled) > 1 and (objects[1] is not None or (filled[0][-1:] == b"}" and filled[1][:1] == b"{"))
    return Kind.NDJSON if is_per_line else Kind.JSON


def _filled(file: BinaryIO, *, is_utf_16: bool) -> Iterator[bytes]:
    """Yield the lines that have text, the first of which is within the head of the file."""
    for line in islice(iter(partial(file.readline, limits.BYTES), b""), HEAD_BYTES):
        text = _as_bytes(line) if is_utf_16 else line.removeprefix(codecs.BOM_UTF8)
        if text := text.strip(b" \t\r\n\v\f\0"):
            yield text


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _zip(path: Path, name: str) -> Kind:
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileNotReadable(
            f"{name} is a damaged workbook or ZIP file. Save it again and upload the new file."
        ) from error
    if names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        return Kind.WORKBOOK
    if any(each.startswith("xl/") for each in names):
        return Kind.WORKBOOK
    raise FileNotReadable(f"{name} is a ZIP file without a workbook. Unpack it first.")


def _old_office(path: Path, name: str) -> Kind:
    """Tell an old workbook from an encrypted one, by the names of the streams in the container."""
    found, rest = set[str](), b""
    marks = {each: each.encode("utf-16-le") for each in ("EncryptedPackage", "Workbook", "Book")}
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found |= {each for each, mark in marks.items() if mark in rest + chunk}
            rest = chunk[-64:]
    if "EncryptedPackage" in found:
        raise FileNotReadable(f"{name} is protected with a password. Save it without one and upload it again.")
    if not found:
        raise FileNotReadable(f"{name} is an old Office document, but not a workbook. Export the table as CSV or XLSX.")
    return Kind.WORKBOOK
