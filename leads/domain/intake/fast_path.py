"""Reading a lead with its actions in one compiled step, where nothing about it needs a closer look.

Most leads are flawless, and this is all the reading they get. Of any other it says nothing: `leads.domain.intake.schema` then
reads it part by part and finds what is wrong with which.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import field

from leads.domain import limits
from leads.domain.intake.schema import ActionItem, LeadItem, is_spelled, is_storable


class WholeLead(LeadItem):
    """A lead whose actions are read with it."""

    actions: list[ActionItem] = field(default_factory=list)


_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER_BY = timedelta(minutes=5)
_LIMIT = Decimal(10) ** 12
_SMALL = frozenset(map(Decimal, range(101)))
_TEXT = (str, bool, type(None))
_SAFE = 2**53
_MOST_ZEROS = 12
_FEW_DIGITS = 20
_CERTAINLY_SMALL = limits.ATTRIBUTES_BYTES // 10  # characters: one may take six bytes


_encoder = msgspec.json.Encoder(decimal_format="number")
_LONG_FRACTION = re.compile(rb"\.\d{7}")
_OF_A_SECOND = re.compile(rb"\d:\d\d\.\d{7}")


def are_plain(items: Sequence[Any]) -> bool:
    """Whether no text in them holds the character NUL, or a time finer than a microsecond.

    Looked for in the items written down again: there every character is spelled in one way only.
    """
    try:
        return is_plain(_encoder.encode(items))
    except RecursionError:
        return False


def is_plain(text: bytes) -> bool:
    """The same of items that are written down already."""
    return b"\\u0000" not in text and not (_LONG_FRACTION.search(text) and _OF_A_SECOND.search(text))


def read_whole(item: Any, *, received_at: datetime) -> WholeLead | None:
    """The lead of plain items, if it is beyond doubt."""
    try:
        lead = msgspec.convert(item, WholeLead)
    except (msgspec.ValidationError, RecursionError):
        return None
    latest = received_at + _CLOCKS_DIFFER_BY
    if not (_is_id(lead.id) and _is_flat(lead.attributes) and _is_flat(lead.consent)):
        return None
    if len(lead.actions) > limits.ACTIONS_A_LEAD or (lead.product and not _is_id(lead.product.sku)):
        return None
    if lead.occurred_at is not None and not _EARLIEST <= lead.occurred_at <= latest:
        return None
    return lead if not lead.actions or _are_sound(lead.actions, item["actions"], latest) else None


def _are_sound(actions: Sequence[ActionItem], raws: Sequence[dict[str, Any]], latest: datetime) -> bool:
    for action, raw in zip(actions, raws, strict=True):
        if not (_EARLIEST <= action.occurred_at <= latest and _is_id(action.id) and _is_flat(action.attributes)):
            return False
        if not _is_amount(action.quantity, raw.get("quantity")):
            return False
        if action.value is not None and not _is_amount(action.value, raw["value"]):
            return False
    return True


def _is_id(given: str | int) -> bool:
    if isinstance(given, str):
        return given.isascii() and given.isprintable() and not given.isspace()
    return -_SAFE < given < _SAFE


def _is_flat(attributes: dict[str, Any]) -> bool:
    """No object or list in it, no number that might be too large or too fine, and not so much that it might be too much."""
    size = 0
    for name, value in attributes.items():
        size += len(name) + (len(value) if isinstance(value, str) else 20)
        if size > _CERTAINLY_SMALL:
            return False
        if isinstance(value, _TEXT):
            continue
        if not (isinstance(value, int | Decimal) and _is_storable(value)):
            return False
    return True


def _is_storable(number: int | Decimal) -> bool:
    if isinstance(number, int):
        return -_SAFE < number < _SAFE
    return len(number.as_tuple().digits) <= _FEW_DIGITS and is_storable(number)


def _is_amount(number: Decimal, sent: Any) -> bool:
    if isinstance(sent, str) and not is_spelled(sent):
        return False
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -6 <= exponent <= _MOST_ZEROS:
        return False
    return number in _SMALL or 0 <= number < _LIMIT
