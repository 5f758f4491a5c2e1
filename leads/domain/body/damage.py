"""Repair JSON that can't be read as a whole: say why, replace the unreadable parts, and split it into items."""

import codecs
import re

import msgspec

from leads.domain import limits

TOO_DEEP = "… nested too deeply to be kept here; the delivery has all of it."
LEVELS_KEPT = 2 * limits.DEPTH

# Both halves of a surrogate pair, one half, or any other escape.
_ESCAPE = re.compile(rb"\\u(?i:d[89ab]..\\ud[c-f]..)|(\\u(?i:d[89a-f][0-9a-f]{2}))|\\.", re.DOTALL)
# An unterminated string runs to the end of the body, so nothing is read twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def why_unreadable(body: bytes, error: Exception) -> str:
    """Explain to the sender why a body can't be read as JSON."""
    _, words = repaired(body)
    if words:
        return words
    deep = isinstance(error, RecursionError)
    return (
        f"Objects and lists are nested more than {limits.DEPTH} levels deep." if deep else f"This is not JSON: {error}"
    )


def repaired(raw: bytes) -> tuple[bytes, str]:
    """Return the text with its unreadable parts replaced, and a description of them ("" if only nested too deeply)."""
    words = ""
    if half := next((found for found in _ESCAPE.finditer(raw) if found[1]), None):
        words = f"The escape {half[1].decode()} is only half of a surrogate pair, at byte {half.start():,}."
        raw = _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], raw)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        words = f"This is not UTF-8: the byte 0x{raw[error.start]:02X}, at byte {error.start:,}."
        raw = raw.decode(errors="replace").encode()
    return _shallow(raw), words


def _shallow(raw: bytes) -> bytes:
    """Cut off whatever is nested more deeply than is kept."""
    kept, depth, start = bytearray(), 0, 0
    for token in _TOKEN.finditer(raw):
        if token[0] in b"[{":
            depth += 1
            if depth == LEVELS_KEPT + 1:
                kept += raw[start : token.start()] + msgspec.json.encode(TOO_DEEP)
        elif token[0] in b"]}":
            depth -= 1
            if depth == LEVELS_KEPT:
                start = token.end()
    return bytes(kept) + raw[start:] if depth == 0 else raw


def split_items(body: bytes) -> tuple[bytes, list[bytes]] | None:
    """Split a list or envelope into its frame and the text of each item; None if the end of an item can't be found."""
    body = body.removeprefix(codecs.BOM_UTF8)
    begins = _beginning(body)
    if begins is None:
        return None
    found, depth, start = list[bytes](), 0, begins + 1
    for token in _TOKEN.finditer(body, begins):
        if token[0] in b"[{":
            depth += 1
        elif token[0] in b"]}":
            depth -= 1
        if (token[0] == b"," and depth == 1) or depth == 0:
            found.append(body[start : token.start()])
            start = token.end()
        if depth == 0:
            return body[: begins + 1] + body[token.start() :], found if b"".join(found).strip() else []
    return None


def _beginning(body: bytes) -> int | None:
    """Return where the list starts: at the beginning, or after `leads` in the envelope."""
    depth = 0
    for token in _TOKEN.finditer(body):
        if token[0] == b"[" and depth == 0:
            return token.start()
        if token[0] in b"[{":
            depth += 1
        elif token[0] in b"]}":
            depth -= 1
        elif token[0] == b'"leads"' and depth == 1 and (opens := re.compile(rb"\s*:\s*\[").match(body, token.end())):
            return opens.end() - 1
    return None
