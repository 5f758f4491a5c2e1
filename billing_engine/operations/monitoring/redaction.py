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
    (re.compile(r"lbe_[0-9a-f]{8}_[\w-]+"), "[key]"),
    (re.compile(r"whsec_[\w+/=-]+"), "[key]"),
    # PostgreSQL shows the row, the statement or the COPY line that it refused.
    (re.compile(r"^(DETAIL|CONTEXT|QUERY|LINE \d+):.*(?:\n.+)*\n?", re.MULTILINE), r"\1: [left out]"),
)
SIGNS = ("@", "lbe_", "whsec_", "DETAIL:", "CONTEXT:", "QUERY:", "LINE ")


def masked(value: Any) -> Any:
    """The same without email addresses, keys, passwords and rows, however deeply nested."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return value


def _text(text: str) -> str:
    if not any(sign in text for sign in SIGNS):
        return text
    for mask, instead in MASKS:
        text = mask.sub(instead, text)
    return text
