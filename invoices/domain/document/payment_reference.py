"""The reference that customers pay an invoice with: ISO 11649, RF with two check digits, which banks carry through."""

import re
from collections.abc import Iterator
from string import ascii_uppercase

MOST_CHARACTERS = 21  # after RF and the check digits
GROUP = 4
LEAST_CHARACTERS = 5
WORDS = re.compile(r"[A-Z0-9]+")
BEGINS = re.compile(r"RF[0-9]{2}")
VALUES = {ord(letter): str(place) for place, letter in enumerate(ascii_uppercase, 10)}
MOST_WORDS = 7  # 25 characters in groups of four


def payment_reference(number: str) -> str:
    """The reference of the invoice with this number: `RF87INV2026000398` for INV-2026-000398.

    Only letters and digits count; of a longer number, the last 21.
    """
    body = "".join(WORDS.findall(number.upper()))[-MOST_CHARACTERS:]
    return f"RF{98 - _remainder(f'{body}RF00'):02d}{body}"


def in_groups(reference: str) -> str:
    """As it is printed: in groups of four."""
    return " ".join(reference[place : place + GROUP] for place in range(0, len(reference), GROUP))


def references_in(text: str) -> Iterator[str]:
    """Every reference with right check digits that stands by itself, written with or without spaces."""
    words = WORDS.findall(text.upper())
    for first, word in enumerate(words):
        if not BEGINS.match(word):
            continue
        written = ""
        for following in words[first : first + MOST_WORDS]:
            written += following
            if LEAST_CHARACTERS <= len(written) <= MOST_CHARACTERS + GROUP and is_reference(written):
                yield written


def is_reference(text: str) -> bool:
    """Whether its check digits are right."""
    return bool(BEGINS.match(text)) and _remainder(text[4:] + text[:4]) == 1


def _remainder(text: str) -> int:
    """Letters count as 10 to 35 (ISO 7064, mod 97-10)."""
    return int(text.translate(VALUES)) % 97
