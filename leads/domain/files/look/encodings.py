"""Find the encoding of a text file, from a bounded sample of it."""

from pathlib import Path

from charset_normalizer import from_bytes

HEAD_BYTES = 256 * 1024
ASCII = 127
LEAST_BYTES = 20  # fewer say nothing about a script
SLICES, SLICE_BYTES = 15, 16 * 1024
SCRIPTS = ("cp1252", "cp1251", "cp1253")  # Latin, Cyrillic and Greek; a person picks any other
# Fewer lines than one in so many are damage, and not an encoding.
DAMAGED_ONE_IN = 1_000


def encoding_of(path: Path) -> str:
    """Return the encoding: UTF-8 unless the sample says otherwise, because only UTF-8 proves itself."""
    lines = _sample(path)
    broken = [line for line in lines if not _is_utf_8(line)]
    proving = sum(not line.isascii() and _is_utf_8(line) for line in lines)
    if len(broken) <= proving or len(broken) * DAMAGED_ONE_IN < len(lines):
        return "utf-8"
    sample = b"".join(broken)
    western = "cp1252" if _decodes(sample, "cp1252") else "latin-1"
    # A few letters of another kind are Western European; whole words of them are a script of their own.
    if sum(byte > ASCII for byte in sample) * 4 < len(sample) or len(sample) < LEAST_BYTES:
        return western
    found = [match.encoding for match in from_bytes(sample, cp_isolation=list(SCRIPTS))]
    return western if not found or "cp1252" in found else found[0]


def _sample(path: Path) -> list[bytes]:
    """Return whole lines from the beginning, and from places all over a larger file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        lines = _lines(file.read(HEAD_BYTES), is_first=True, is_last=size <= HEAD_BYTES)
        if size > HEAD_BYTES:
            for place in range(1, SLICES + 1):
                file.seek(HEAD_BYTES + (size - HEAD_BYTES) * place // (SLICES + 1))
                lines += _lines(file.read(SLICE_BYTES), is_first=False, is_last=False)
    return lines


def _lines(piece: bytes, *, is_first: bool, is_last: bool) -> list[bytes]:
    lines = piece.splitlines(keepends=True)
    if not is_first:
        lines = lines[1:]
    return lines if is_last or (is_first and len(lines) == 1) else lines[:-1]


def _is_utf_8(line: bytes) -> bool:
    return _decodes(line, "utf-8")


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
