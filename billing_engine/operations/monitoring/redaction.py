"""Remove from every string what must not get into a log or to a third party.

Our own lines contain only ids. This is for what others write: an exception's message, a database's details.
"""

import re
from typing import Any

MASKS = (
    # A password in an address, before it is taken for part of an email address.
    (re.compile(r"(://[^\s:/@]*:)[^\s/@]+@"), r"\1[password]@"),
    (
        re.compile(r"[^\s@<>()\[\]{}\"',;:=/\\|]+@[^\s@<>()\[\]{}\"',;:=/\\|]+\.[^\s@<>()\[\]{}\"',;:=/\\|]+"),
        "[email]",
    ),
    (re.compile(r"lb[ceh]_[0-9a-f]{8}_[\w-]+"), "[key]"),
    # Who has the address of a page to pay at sees what is owed.
    (re.compile(r"(/pay/)[\w-]{20,}"), r"\1[token]"),
    (re.compile(r"whsec_[\w+/=-]+"), "[key]"),
    # A body, a PDF or an attachment: in one piece, in the lines of an email, or with its line breaks written out.
    (re.compile(r"%PDF-.*?(?:%%EOF|\Z)", re.DOTALL), "[PDF]"),
    (re.compile(r"[A-Za-z0-9+/_-]{100,}={0,2}"), "[base64]"),
    (re.compile(r"(?:[A-Za-z0-9+/]{40,}(?:\\r|\\n|\s)+){2,}[A-Za-z0-9+/]*={0,2}"), "[base64]"),
    # PostgreSQL shows the row, the statement or the COPY line that it refused.
    (re.compile(r"^(DETAIL|CONTEXT|QUERY|LINE \d+):.*(?:\n.+)*\n?", re.MULTILINE), r"\1: [left out]"),
)
SIGNS = re.compile("@|lb[ceh]_|/pay/|whsec_|%PDF-|DETAIL:|CONTEXT:|QUERY:|LINE ")
SHORTEST = 80  # no text below this holds anything in base64


def masked(value: Any) -> Any:
    """The same without email addresses, keys, passwords, rows and files, however deeply nested."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value):,} bytes]"
    return value


def _text(text: str) -> str:
    if len(text) < SHORTEST and not SIGNS.search(text):
        return text
    for mask, instead in MASKS:
        text = mask.sub(instead, text)
    return text
