"""A sentence with its numbers kept apart: rating says what it did, and `pricing.wording` formats it for the reader.

The template is English and names each number in braces, so a translation is another template with the same names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the rule's currency."""

    micro: int


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity."""

    micro: int


@dataclass(frozen=True, slots=True)
class Percent:
    """A percent."""

    micro: int


@dataclass(frozen=True, slots=True)
class Count:
    """A number of whole things: actions, days."""

    count: int


@dataclass(frozen=True, slots=True)
class Units:
    """Units of a period above one number, up to and including another; None has no end."""

    above: int
    up_to: int | None


@dataclass(frozen=True, slots=True)
class Value:
    """Money value of a period above one amount, up to and including another; None has no end."""

    above: int
    up_to: int | None


Quantity = Money | Number | Percent | Count | Units | Value


@dataclass(frozen=True, slots=True)
class Statement:
    """A template, and the numbers (or statements) that its braces name."""

    text: str
    parts: Mapping[str, Union[Quantity, "Statement"]]


NOTHING = Statement("", {})


def say(text: str, **parts: Quantity | Statement) -> Statement:
    """A statement."""
    return Statement(text, parts)


def joined(statements: Iterable[Statement], between: str) -> Statement:
    """Several statements joined."""
    parts = {f"part_{place}": statement for place, statement in enumerate(statements)}
    return Statement(between.join(f"{{{name}}}" for name in parts), parts)


def days(count: int) -> Statement:
    """`1 day`, `30 days`."""
    return say("1 day") if count == 1 else say("{days} days", days=Count(count))
