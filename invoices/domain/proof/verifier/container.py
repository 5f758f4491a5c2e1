"""Read a bundle strictly: a zip whose every byte belongs to one of its known files, each of them once.

Other readers take the last of two entries of one name, or skip bytes that belong to nothing: two people would see two
bundles in one file. Everything is checked before a byte of content is read.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from invoices.domain.proof.verifier.difference import NotABundle

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
INVOICE, RULES, CARRIED = "invoice.json", "rules.json", "carried.json"
ACTIONS, CHARGES, LEAVES, PROGRAM = "actions.ndjson", "charges.ndjson", "leaves.bin", "verify.py"
SIGNED = (INVOICE, RULES, CARRIED, ACTIONS, CHARGES, LEAVES, PROGRAM)  # the files that the manifest lists
KILO, MEGA = 1 << 10, 1 << 20
# The most bytes of each file, unpacked: what is larger is refused before it is read.
LIMITS = {
    MANIFEST: MEGA,
    SIGNATURE: KILO,
    INVOICE: 32 * MEGA,
    RULES: 32 * MEGA,
    CARRIED: 128 * MEGA,
    ACTIONS: 2048 * MEGA,
    CHARGES: 2048 * MEGA,
    LEAVES: 128 * MEGA,
    PROGRAM: MEGA,
}
LONGEST_LINE = 16 * KILO
# What is held in memory is limited, too: an invoice far larger than any is refused before it fills gigabytes.
MOST_VALUES = 4_000_000  # of a JSON file
MOST_ACTIONS = 5_000_000
MOST_NAMES = 200_000  # of products, of sources, and of lines
AT_A_TIME = 256 * KILO

END = struct.Struct("<4s4H2LH")
ENTRY = struct.Struct("<4s6H3L5H2L")
HEADER = struct.Struct("<4s5H3L2H")
STORED, DEFLATED = 0, 8
REGULAR, KIND_OF_FILE = 0o100000, 0o170000


class Member(NamedTuple):
    """A file in the bundle: how it is packed, and where."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    begin: int


class Files(Protocol):
    """Files by name, read in parts."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file in parts."""


def read(files: Files, name: str) -> bytes:
    """A whole file."""
    return b"".join(files.chunks(name))


def lines(files: Files, name: str) -> Iterator[bytes]:
    """A file line by line, each with its line feed."""
    rest = b""
    for chunk in files.chunks(name):
        *whole, rest = (rest + chunk).split(b"\n")
        if max(map(len, (rest, *whole))) > LONGEST_LINE:
            raise NotABundle(f"{name} has a line of more than {LONGEST_LINE:,} bytes.")
        for line in whole:
            yield line + b"\n"
    if rest:
        raise NotABundle(f"The last line of {name} does not end.")


class Container:
    """The files of a bundle, by name."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members = {member.name: member for member in _members(file)}
        missing = [name for name in LIMITS if name not in self.members]
        if missing:
            raise NotABundle(f"It has no {missing[0]}.")

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file in parts; NotABundle if it is not what its entry says."""
        member = self.members[name]
        size, crc = 0, 0
        for chunk in _unpacked(self._file, member):
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if size > member.size:
                break
            yield chunk
        if size != member.size:
            raise NotABundle(f"{name} does not have the size that its entry says.")
        if crc != member.crc:
            raise NotABundle(f"A byte of {name} was changed: it does not match its checksum.")


def _members(file: BinaryIO) -> Iterator[Member]:
    """Every entry, in order; they and the directory fill the whole file."""
    end = file.seek(0, 2) - END.size
    if end < 0:
        raise NotABundle("It is not a zip file.")
    file.seek(end)
    magic, disk, first_disk, here, count, length, begin, comment = END.unpack(file.read(END.size))
    if magic != b"PK\x05\x06" or comment:
        raise NotABundle("It is not a zip file, or there are bytes after its end.")
    if disk or first_disk or here != count or begin + length != end or length > 64 * KILO:
        raise NotABundle("Its directory does not fill the file up to its end.")
    file.seek(begin)
    directory = file.read(length)
    names, place, place_in = set[str](), 0, 0
    for _ in range(count):
        member, place_in, begins = _entry(directory, place_in)
        if member.name in names:
            raise NotABundle(f"{member.name} is in it twice.")
        if begins != place:
            raise NotABundle(f"There are bytes before {member.name} that belong to no file.")
        names.add(member.name)
        place = _checked(file, member, begins)
        yield member._replace(begin=place - member.packed)
    if place != begin or place_in != length:
        raise NotABundle("There are bytes before its directory that belong to no file.")


def _entry(directory: bytes, place: int) -> tuple[Member, int, int]:
    """An entry of the directory, where the next one begins, and where its file does."""
    try:
        found = ENTRY.unpack_from(directory, place)
    except struct.error as error:
        raise NotABundle("Its directory ends too soon.") from error
    magic, _, _, flags, method, _, _, crc, packed, size, length, extra, comment, disk, _, outer, begins = found
    end = place + ENTRY.size + length
    name = directory[place + ENTRY.size : end].decode("ascii", "replace")
    if magic != b"PK\x01\x02" or name not in LIMITS:
        raise NotABundle(f"{name!r} does not belong into a bundle.")
    if flags or extra or comment or disk or method not in (STORED, DEFLATED):
        raise NotABundle(f"The entry of {name} is not written as this program writes it.")
    if (outer >> 16) & KIND_OF_FILE not in (0, REGULAR) or outer & 0x10:
        raise NotABundle(f"{name} is not a plain file.")
    if size > LIMITS[name] or packed > LIMITS[name]:
        raise NotABundle(f"{name} has {size:,} bytes, more than the {LIMITS[name]:,} that are read.")
    return Member(name, method, crc, packed, size, 0), end, begins


def _checked(file: BinaryIO, member: Member, begins: int) -> int:
    """Compare the header before the content with the directory; return where the content ends."""
    file.seek(begins)
    raw = file.read(HEADER.size)
    if len(raw) != HEADER.size:
        raise NotABundle(f"{member.name} has no header.")
    magic, _, flags, method, _, _, crc, packed, size, length, extra = HEADER.unpack(raw)
    name = file.read(length).decode("ascii", "replace")
    same = (method, crc, packed, size, name) == (member.method, member.crc, member.packed, member.size, member.name)
    if magic != b"PK\x03\x04" or flags or extra or not same:
        raise NotABundle(f"The header of {member.name} and its entry in the directory differ.")
    return begins + HEADER.size + len(member.name) + member.packed


def _unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    left, unpack = member.packed, zlib.decompressobj(-zlib.MAX_WBITS)
    place = member.begin
    while left:
        file.seek(place)
        raw = file.read(min(left, AT_A_TIME))
        if not raw:
            raise NotABundle(f"{member.name} ends too soon.")
        place, left = place + len(raw), left - len(raw)
        if member.method == STORED:
            yield raw
            continue
        yield from _inflated(unpack, raw, member)
        if unpack.eof:  # what follows would only be collected
            break
    if member.method == DEFLATED and (left or not unpack.eof or unpack.unused_data):
        raise NotABundle(f"The packed content of {member.name} does not end where its entry says.")


def _inflated(unpack: "zlib._Decompress", raw: bytes, member: Member) -> Iterator[bytes]:
    """Unpack a part, a bounded number of bytes at a time."""
    is_full = True  # more may come out, even if all has gone in
    while raw or is_full:
        try:
            part = unpack.decompress(raw, AT_A_TIME)
        except zlib.error as error:
            raise NotABundle(f"A byte of {member.name} was changed: it can't be unpacked.") from error
        yield part
        raw, is_full = unpack.unconsumed_tail, len(part) == AT_A_TIME
