"""Decode JSON without silently losing anything: duplicate members are found, and an unreadable item doesn't affect others.

Nearly every body is flawless; for those, all that happens here is one compiled pass and a count.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.body.damage import repaired, why_unreadable
from leads.domain.faults import Fault, Flawed, Malformed

DUPLICATE_MEMBER = "duplicate_member"
ITEM_MALFORMED = "item_malformed"
ROW_MALFORMED = "row_malformed"


class BodyNotReadable(Refused):
    """Nothing in the body could be read as an item."""

    code = "body_not_readable"
    http_status = 400


class Repeats(dict[str, Any]):
    """An object with a duplicate member: both values are kept, the second one under a numbered name."""

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        super().__init__()
        self.name = ""
        places: dict[str, int] = {}  # the last number per name, so that a thousand repeats take a thousand steps
        for name, value in members:
            place, written = places.get(name, 1), name
            while written in self:
                self.name = self.name or name
                place += 1
                written = f"{name} ({place})"
            places[name] = place
            self[written] = value


def _number(digits: str) -> Decimal:
    """Read a number; one beyond the range of Decimal becomes infinite, so that only its own item is refused."""
    try:
        return Decimal(digits)
    except ArithmeticError:
        return Decimal("Infinity")


# Numbers keep the digits they were sent with; 0.1 stays 0.1.
_decoder = msgspec.json.Decoder(float_hook=_number)
_encoder = msgspec.json.Encoder(decimal_format="number")

_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_LONG_FRACTION = re.compile(rb"\.\d{7}")
_OF_A_SECOND = re.compile(rb"\d:\d\d\.\d{7}")
_HIDDEN = re.compile(rb"\\u00(?:22|3[aA])")  # an escaped quote or colon, which a count would miss


class Decoded(NamedTuple):
    """A JSON value, and whether it contains an object with a duplicate member (a `Repeats`)."""

    content: Any
    has_repeats: bool
    text: bytes = b""  # the value encoded again, if it was: then every character has only one spelling


def decode_json(body: bytes) -> Decoded:
    """Decode JSON in UTF-8. Raises BodyNotReadable."""
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        content = _decoder.decode(body)
        text = _encoder.encode(content)
        return _read_slowly(body) if _may_repeat(body, text) else Decoded(content, has_repeats=False, text=text)
    except _UNREADABLE as error:
        raise BodyNotReadable(why_unreadable(body, error)) from error


def _may_repeat(body: bytes, text: bytes) -> bool:
    """Return whether a member may be duplicated; false positives are possible, false negatives are not.

    Each written member name ends with a quote and a colon. Strings may contain the two as well, but then both counts do,
    unless an escape hides them from one count; that case is treated as a possible duplicate.
    """
    if b"\\u" in body and _HIDDEN.search(body):
        return True
    return body.translate(None, b" \t\r\n").count(b'":') > text.count(b'":')


def _read_slowly(body: bytes) -> Decoded:
    repeats = list[Repeats]()

    def read(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        if len(found) < len(members):
            found = Repeats(members)
            repeats.append(found)
        return found

    content = json.loads(body, object_pairs_hook=read, parse_float=_number)
    return Decoded(content, bool(repeats))


def as_item(item: Any) -> Any:
    """Return the item, as `Flawed` if it or one of its actions has a duplicate member."""
    if not isinstance(item, dict):
        return item
    fault = repeated_in(item)
    if fault is None:
        return item
    actions = item.get("actions")
    if not fault.pointer.startswith("/actions/") or not isinstance(actions, list):
        return Flawed(item, fault)
    # Only its actions are affected; each is checked separately.
    return Flawed(item | {"actions": [as_item(action) for action in actions]}, None)


def repeated_in(item: Any) -> Fault | None:
    """Return the first duplicate member anywhere in the item, its actions last."""
    return next((repeat_fault(repeats, pointer) for pointer, repeats in _repeats(item, "")), None)


def repeats_in(content: Any) -> list[Fault]:
    """Return every duplicate member in the content."""
    return [repeat_fault(repeats, pointer) for pointer, repeats in _repeats(content, "")]


def repeat_fault(repeats: Repeats, pointer: str = "") -> Fault:
    """Describe the duplicate member of an object."""
    step = repeats.name.replace("~", "~0").replace("/", "~1")
    return Fault(DUPLICATE_MEMBER, f"{pointer}/{step}", f"The member {repeats.name!r} appears twice.")


def _repeats(value: Any, pointer: str) -> Iterator[tuple[str, Repeats]]:
    """Yield every object with a duplicate member, actions last; beyond the depth limit, the depth itself is refused."""
    if isinstance(value, Repeats):
        yield pointer, value
    if pointer.count("/") > limits.DEPTH:
        return
    if isinstance(value, dict):
        for name in sorted(value, key=lambda name: name == "actions"):
            step = name.replace("~", "~0").replace("/", "~1")
            yield from _repeats(value[name], f"{pointer}/{step}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _repeats(part, f"{pointer}/{place}")


def read_item(raw: bytes) -> Any:
    """Read one item as far as possible: `Flawed` or `Malformed` if it can't be accepted. Raises BodyNotReadable."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return _item(raw)
    except BodyNotReadable:
        text, words = repaired(raw)
        item = _item(text)
    if not words:
        return item  # nested too deeply, which is found where depth is checked
    fault = Fault(ITEM_MALFORMED, "", words)
    return Flawed(item, fault) if isinstance(item, dict) else Malformed(item, fault)


def _item(raw: bytes) -> Any:
    content, has_repeats, _ = decode_json(raw)
    return as_item(content) if has_repeats else content


def is_plain(items: Sequence[Any]) -> bool:
    """Return whether no string contains the character NUL or a time finer than a microsecond.

    The items are encoded again for this, so that every character has only one spelling.
    """
    try:
        return is_plain_text(_encoder.encode(items))
    except RecursionError:
        return False


def is_plain_text(text: bytes) -> bool:
    """Like `is_plain`, for items that are already encoded."""
    return b"\\u0000" not in text and not (_LONG_FRACTION.search(text) and _OF_A_SECOND.search(text))


def as_json(content: Any) -> str:
    """Encode as JSON, with the digits of every number as they were sent."""
    return _encoder.encode(content).decode()
