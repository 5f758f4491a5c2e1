"""What needs a person's attention: a card each, on the front page and on the page of a month."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """How many, of what, what to do about it, where, and in which color."""

    count: str
    what: str
    advice: str
    address: str
    tone: str
