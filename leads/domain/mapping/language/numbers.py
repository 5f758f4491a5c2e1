"""Numbers as senders write them: with a decimal point or a decimal comma, read exactly."""

import re
from decimal import Decimal
from numbers import Real
from typing import Any

from leads.domain.mapping.language.unreadable import shown, unreadable

POINT, COMMA = "point", "comma"
FORMATS = {POINT: "1,234.56", COMMA: "1.234,56"}

MOST_DIGITS = 300
_LARGEST: int = 10**MOST_DIGITS
_BLANKS = " \u00a0\u202f'’"
_GROUPED = {
    POINT: re.compile(rf"[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:([,{_BLANKS}])[0-9]{{3}})(?:\1[0-9]{{3}})*)(?:\.[0-9]+)?"),
    COMMA: re.compile(rf"[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:([.{_BLANKS}])[0-9]{{3}})(?:\1[0-9]{{3}})*)(?:,[0-9]+)?"),
}
_WITHOUT = {POINT: str.maketrans("", "", "," + _BLANKS), COMMA: str.maketrans(",", ".", "." + _BLANKS)}


def read_number(value: Any, form: str = POINT) -> int | Decimal:
    """Read a number in this format; whole ones become an int. Raises NotConverted."""
    if not (isinstance(value, str) or is_number(value)):
        raise unreadable(f"{_kind(value)} is not a number")
    if isinstance(value, int):
        return checked(value)
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
            return int(value)
        if not _GROUPED[form].fullmatch(value) or len(value) > MOST_DIGITS:
            raise unreadable(f"{shown(value)} is not a number with a decimal {form}, such as {FORMATS[form]}")
        value = value.translate(_WITHOUT[form])
    number = exact(value)
    return int(number) if number == number.to_integral_value() and number.adjusted() < MOST_DIGITS else number


def checked(number: int) -> int:
    """Return a whole number of a sane size. Raises NotConverted."""
    if abs(number) >= _LARGEST:
        raise unreadable(f"there is a number with more than {MOST_DIGITS} digits")
    return number


def is_number(value: Any) -> bool:
    """Return whether this is a number; a spreadsheet's have a binary fraction."""
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


def is_binary(value: Any) -> bool:
    """Return whether this is a number with a binary fraction, whose shortest spelling is what was written."""
    return isinstance(value, Real) and not isinstance(value, int)


def exact(value: Any) -> Decimal:
    """Return a number as it is written. Raises NotConverted unless it is finite and has a sane size."""
    number = Decimal(repr(value)) if is_binary(value) else Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise unreadable(f"{shown(value)} is not a number with at most {MOST_DIGITS} digits")
    return number


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)
