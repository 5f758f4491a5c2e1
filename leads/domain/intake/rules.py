"""Rules for leads and actions beyond the schema, used by both ways of reading."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from leads.domain import limits
from leads.domain.faults import Fault
from leads.domain.identity import external_id, invisible_in
from leads.domain.intake.schema import AMOUNT, ActionItem, LeadItem
from leads.domain.occurrence import CLOCKS_DIFFER_BY, EARLIEST

_LIMIT = 10**12
_DIGITS = 300
_TOO_MANY_DIGITS: int = 10 ** (_DIGITS + 1)
_MICRO = Decimal("0.000001")
_SMALL = 2**53  # an integer closer to zero than this never has too many digits
_PLAIN = frozenset((str, bool, type(None)))

_json = msgspec.json.Encoder(decimal_format="number")
_is_amount = re.compile(AMOUNT, re.ASCII).fullmatch


def lead_fault(lead: LeadItem, *, received_at: datetime) -> Fault | None:
    """Return the fault of a lead that fits the schema, ignoring its actions."""
    return (
        _id_fault(lead.id)
        or (_sku_fault(lead.product.sku) if lead.product else None)
        or (_time_fault(lead.occurred_at, received_at) if lead.occurred_at else None)
        or (_free_fault("attributes", lead.attributes) if lead.attributes else None)
        or (_free_fault("consent", lead.consent) if lead.consent else None)
        or _number_of_actions_fault(lead)
    )


def action_fault(action: ActionItem, sent: dict[str, Any], *, received_at: datetime) -> Fault | None:
    """Return the fault of an action that fits the schema; `sent` has its amounts as they were written."""
    return (
        _id_fault(action.id)
        or _time_fault(action.occurred_at, received_at)
        or _amount_fault("quantity", action.quantity, sent.get("quantity"))
        or (_amount_fault("value", action.value, sent["value"]) if action.value is not None else None)
        or (_free_fault("attributes", action.attributes) if action.attributes else None)
    )


def void_fault(id_: str | int, reason: str) -> Fault | None:
    """Return the fault of a void."""
    if not reason.strip():
        return Fault("member_invalid", "/void/reason", "A reason can't be blank.")
    return _id_fault(id_)


def storage_fault(value: Any, *, depth: int = limits.DEPTH) -> Fault | None:
    """Return what PostgreSQL can't store, checking level by level so that no depth is too deep to check."""
    level = [value]
    for _ in range(depth):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif fault := _leaf_fault(each):
                return fault
        if not below:
            return None
        level = below
    if any(isinstance(each, dict | list) for each in level):
        return Fault("nested_too_deeply", "", f"Objects and lists can be nested at most {limits.DEPTH} levels deep.")
    return next((fault for each in level if (fault := _leaf_fault(each))), None)


def is_storable(number: Decimal | int) -> bool:
    """Return whether a number fits into PostgreSQL's numeric; our limit is far below its own."""
    if isinstance(number, int):
        return abs(number) < _TOO_MANY_DIGITS
    _sign, digits, exponent = number.as_tuple()
    # NaN and infinity have no integer exponent.
    return isinstance(exponent, int) and abs(exponent) <= _DIGITS and len(digits) <= _DIGITS


def _is_plain(given: str | int) -> bool:
    """Return whether an ID or SKU is certainly valid: most are plain ASCII or a small number."""
    if isinstance(given, str):
        return given.isascii() and given.isprintable() and not given.isspace()
    return -_SMALL < given < _SMALL


def _id_fault(given: str | int) -> Fault | None:
    if _is_plain(given):
        return None
    if not 0 < len(external_id(given)) <= 200:
        return Fault("member_invalid", "/id", "An ID must have 1 to 200 characters, not counting surrounding spaces.")
    invisible = invisible_in(external_id(given))
    return Fault("member_invalid", "/id", f"The ID {invisible}.") if invisible else None


def _sku_fault(given: str | int) -> Fault | None:
    if _is_plain(given):
        return None
    sku = external_id(given)
    if not 0 < len(sku) <= 100:
        return Fault(
            "member_invalid", "/product/sku", "A SKU must have 1 to 100 characters, not counting surrounding spaces."
        )
    invisible = invisible_in(sku)
    return Fault("member_invalid", "/product/sku", f"The SKU {invisible}.") if invisible else None


def _time_fault(instant: datetime, received_at: datetime) -> Fault | None:
    if instant < EARLIEST:
        return Fault(
            "occurred_too_early", "/occurred_at", "The time is before the year 2000, the earliest that can be billed."
        )
    if instant <= received_at or instant <= received_at + CLOCKS_DIFFER_BY:
        return None
    return Fault("occurred_in_the_future", "/occurred_at", _ahead(instant, received_at))


def _ahead(instant: datetime, received_at: datetime) -> str:
    """Name both times; without them, the message would read like a duplicate."""
    times = [f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in (instant, received_at)]
    return f"{times[0]} is in the future: it was received at {times[1]}. Check your clock and the UTC offset."


def _free_fault(name: str, content: dict[str, Any]) -> Fault | None:
    if len(_json.encode(content)) > limits.ATTRIBUTES_BYTES:
        return Fault("member_too_large", f"/{name}", f"Must not exceed {limits.ATTRIBUTES_BYTES:,} bytes as JSON.")
    for value in content.values():
        if type(value) not in _PLAIN and not (type(value) is int and -_SMALL < value < _SMALL):
            return storage_fault(content, depth=limits.DEPTH - 1)  # one level less, because it is inside its item
    return None


def _number_of_actions_fault(lead: LeadItem) -> Fault | None:
    if len(lead.actions) <= limits.ACTIONS_A_LEAD:
        return None
    words = (
        f"A lead can have at most {limits.ACTIONS_A_LEAD:,} actions per delivery. Send the rest in another delivery."
    )
    return Fault("too_many_actions", "/actions", words)


def _amount_fault(name: str, number: Decimal, sent: Any) -> Fault | None:
    if sent is None or (0 <= sent < _LIMIT if type(sent) is int else isinstance(sent, str) and _is_amount(sent)):
        return None
    if not is_storable(number) or not 0 <= number < _LIMIT:
        return Fault(f"{name}_invalid", f"/{name}", f"A {name} must be at least 0 and less than 10¹².")
    if number != number.quantize(_MICRO):
        return Fault(f"{name}_invalid", f"/{name}", f"A {name} can have at most six decimal places.")
    if isinstance(sent, str):
        words = f"A {name} sent as a string must have up to 12 digits and up to six decimal places, such as 12 or 0.5."
        return Fault(f"{name}_invalid", f"/{name}", words)
    return None


def _leaf_fault(leaf: Any) -> Fault | None:
    if isinstance(leaf, str):
        if "\0" in leaf:
            return Fault("nul_character", "", "PostgreSQL cannot store the character NUL (\\u0000).")
    elif isinstance(leaf, Decimal | int) and not is_storable(leaf):
        return Fault(
            "number_too_large", "", f"Numbers can have at most {_DIGITS} digits, before and after the decimal point."
        )
    return None
