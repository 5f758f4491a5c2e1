"""The reader of bundles is strict: every byte belongs to a known file, once, and is bounded before it is read."""

import io
import struct
import subprocess
import zlib
from pathlib import Path
from shutil import which
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from invoices.domain.proof.bundle import Folder
from invoices.domain.proof.verifier import container
from invoices.domain.proof.verifier.container import LIMITS, Container, lines, read
from invoices.domain.proof.verifier.difference import NotABundle

CONTENT = {name: f"{name}\n{'x' * 300}\n".encode() for name in LIMITS}


def zipped(content: dict[str, bytes] | list[tuple[str, bytes]], method: int = ZIP_DEFLATED) -> bytes:
    found = io.BytesIO()
    pairs = content.items() if isinstance(content, dict) else content
    with ZipFile(found, "w", method) as packed:
        for name, each in pairs:
            info = ZipInfo(name)
            info.compress_type = method
            packed.filelist = [one for one in packed.filelist if one.filename]
            packed.NameToInfo.pop(name, None)
            packed.writestr(info, each)
    return found.getvalue()


def refused(content: bytes) -> str:
    with pytest.raises(NotABundle) as refusal:
        bundle = Container(io.BytesIO(content))
        for name in LIMITS:
            read(bundle, name)
    return str(refusal.value)


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
def test_every_file_of_a_bundle_is_read(method: int) -> None:
    bundle = Container(io.BytesIO(zipped(CONTENT, method)))

    assert {name: read(bundle, name) for name in LIMITS} == CONTENT
    assert list(lines(bundle, "rules.json")) == [b"rules.json\n", b"x" * 300 + b"\n"]


def test_the_bundles_we_write_are_read_by_other_readers_too(tmp_path: Path) -> None:
    folder, bundle = Folder(tmp_path), tmp_path / "bundle.zip"
    for name, content in CONTENT.items():
        folder.write(name, content)
    folder.pack(bundle, *CONTENT)
    first = bundle.read_bytes()
    bundle.unlink()
    folder.pack(bundle, *CONTENT)

    assert bundle.read_bytes() == first  # the same bytes for the same files
    assert Container(io.BytesIO(first)).members.keys() == LIMITS.keys()
    with ZipFile(bundle) as packed:
        assert packed.testzip() is None
    if unzip := which("unzip"):
        assert subprocess.run([unzip, "-tq", bundle], capture_output=True, check=False).returncode == 0


OTHER = [*CONTENT.items()]
WHOLE = zipped(CONTENT)


def without(name: str) -> dict[str, bytes]:
    return {each: content for each, content in CONTENT.items() if each != name}


def at(place: int, content: bytes) -> bytes:
    return WHOLE[:place] + content + WHOLE[place + len(content) :]


ENTRY = WHOLE.rindex(b"PK\x01\x02")  # of the last file
REFUSED: dict[str, tuple[bytes, str]] = {
    "no zip": (b"x" * 100, "It is not a zip file, or there are bytes after its end."),
    "nothing": (b"", "It is not a zip file."),
    "a file twice": (zipped([*OTHER, ("rules.json", b"other")]), "rules.json is in it twice."),
    "an unlisted file": (zipped([*OTHER, ("other.txt", b"")]), "'other.txt' does not belong into a bundle."),
    "a folder": (zipped([*OTHER, ("rules.json/", b"hidden")]), "'rules.json/' does not belong into a bundle."),
    "another path": (zipped([*OTHER, ("../rules.json", b"")]), "'../rules.json' does not belong into a bundle."),
    "a missing file": (zipped(without("rules.json")), "It has no rules.json."),
    "bytes after the end": (WHOLE + b"x", "It is not a zip file, or there are bytes after its end."),
    "bytes before the start": (b"x" + WHOLE, "Its directory does not fill the file up to its end."),
    "a comment": (WHOLE[:-2] + b"\x01\x00x", "It is not a zip file, or there are bytes after its end."),
    "a symbolic link": (at(ENTRY + 40, b"\xff\xa1"), "verify.py is not a plain file."),
    "a flag": (at(ENTRY + 8, b"\x01"), "The entry of verify.py is not written as this program writes it."),
    "another method": (at(ENTRY + 10, b"\x0c"), "The entry of verify.py is not written as this program writes it."),
    "too large": (
        at(ENTRY + 24, struct.pack("<L", 1 << 30)),
        "verify.py has 1,073,741,824 bytes, more than the 1,048,576 that are read.",
    ),
    "another header": (at(WHOLE.index(b"rules.json"), b"r0les.json"), "The header of rules.json and its entry"),
    "a changed byte": (at(WHOLE.index(b"rules.json") + 14, b"\xff"), "A byte of "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_bundle_is_refused(name: str) -> None:
    content, words = REFUSED[name]
    assert refused(content).startswith(words)


def test_bytes_between_files_are_refused() -> None:
    begin = WHOLE.index(b"PK\x03\x04", 4)
    moved = bytearray(WHOLE[:begin] + b"hidden" + WHOLE[begin:])
    _moved_directory(moved, by=6, after=begin)

    assert "that belong to no file." in refused(bytes(moved))


def _moved_directory(content: bytearray, *, by: int, after: int) -> None:
    """Make the directory fit a file whose bytes from `after` on were moved, as an attacker would."""
    end = len(content) - 22
    (begin,) = struct.unpack_from("<L", content, end + 16)
    struct.pack_into("<L", content, end + 16, begin + by)
    place = content.index(b"PK\x01\x02")
    while content[place : place + 4] == b"PK\x01\x02":
        (header,) = struct.unpack_from("<L", content, place + 42)
        if header >= after:
            struct.pack_into("<L", content, place + 42, header + by)
        (length,) = struct.unpack_from("<H", content, place + 28)
        place += 46 + length


def test_what_unpacks_to_more_than_its_entry_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(CONTENT | {"rules.json": b"0" * 10_000_000})
    lying = bytearray(bomb)
    for place in _places_of(bomb, b"rules.json"):
        size = place - (46 - 24) if bomb[place - 46 : place - 42] == b"PK\x01\x02" else place - (30 - 22)
        struct.pack_into("<L", lying, size, 100)

    read_bytes = 0
    bundle = Container(io.BytesIO(bytes(lying)))
    with pytest.raises(NotABundle, match="does not have the size"):
        for chunk in bundle.chunks("rules.json"):
            read_bytes += len(chunk)
    assert read_bytes <= container.AT_A_TIME


def _places_of(content: bytes, name: bytes) -> list[int]:
    """Where the name stands in a header or an entry."""
    found, place = [], content.find(name)
    while place >= 0:
        if content[place - 46 : place - 42] == b"PK\x01\x02" or content[place - 30 : place - 26] == b"PK\x03\x04":
            found.append(place)
        place = content.find(name, place + 1)
    return found


def test_a_line_without_end_and_one_that_is_too_long_are_refused() -> None:
    long = "more than 16,384 bytes"
    for content, words in (
        (b"x\nx", "does not end"),
        (b"x" * 600_000 + b"\n", long),
        (b"x" * 17_000 + b"\nx\n", long),  # in one part
    ):
        bundle = Container(io.BytesIO(zipped(CONTENT | {"rules.json": content})))
        with pytest.raises(NotABundle, match=words):
            list(lines(bundle, "rules.json"))


def test_bytes_after_the_packed_content_are_refused() -> None:
    raw = zlib.compressobj(wbits=-15)
    packed = raw.compress(CONTENT["rules.json"]) + raw.flush() + b"hidden"
    content = zipped(CONTENT | {"rules.json": packed}, ZIP_STORED)
    lying = bytearray(content)
    crc, size = zlib.crc32(CONTENT["rules.json"]), len(CONTENT["rules.json"])
    for place in _places_of(content, b"rules.json"):
        is_entry = content[place - 46 : place - 42] == b"PK\x01\x02"
        begin = place - 46 + 10 if is_entry else place - 30 + 8
        struct.pack_into("<H", lying, begin, 8)
        struct.pack_into("<L", lying, begin + 6, crc)
        struct.pack_into("<L", lying, begin + 14, size)

    assert refused(bytes(lying)) == "The packed content of rules.json does not end where its entry says."
