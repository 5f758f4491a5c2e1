"""Text, IDs and yes-or-no values as they are stored; an object or a list is never written as text."""

import re
import unicodedata
from datetime import date, datetime
from typing import Any

from leads.domain.mapping.language.numbers import checked, exact, is_binary, is_number
from leads.domain.mapping.language.unreadable import shown, unreadable

DIGITS_OF_AN_ID = 15  # beyond which spreadsheets and many programs change a number

_YES = frozenset(("true", "yes", "1"))
_NO = frozenset(("false", "no", "0"))
_ZERO = re.compile(r"[+-]?0+(?:[.,]0+)?")


def is_empty(value: Any) -> bool:
    """Return whether there is nothing at a place: it is missing, null, blank, or an object or list without parts."""
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, dict | list) and not value)
    )


def is_wanted(value: Any) -> bool:
    """Return whether a condition holds: empty, 0 and false don't, whether as text or not."""
    if isinstance(value, str):
        text = value.strip()
        return bool(text) and text.lower() != "false" and not _ZERO.fullmatch(text)
    return bool(value)


def as_text(value: Any) -> str:
    """Write a value as text. Raises NotConverted for an object, a list, or a number with a fraction."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return _whole(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    kind = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "something"
    raise unreadable(f"{kind} is there instead of text")


def as_id(value: Any) -> str:
    """Write an ID: 100.0 from a spreadsheet is 100. Raises NotConverted if its digits may have been changed."""
    if is_number(value):
        text = _whole(value)
        if len(text.lstrip("-")) > DIGITS_OF_AN_ID:
            words = f"{shown(text)} has more than {DIGITS_OF_AN_ID} digits as a number, so its last digits may be wrong"
            raise unreadable(f"{words}; send it as text")
        return text
    if isinstance(value, bool):
        raise unreadable(f"{as_text(value)} is not an ID")
    return as_text(value)


def as_flag(value: Any) -> bool:
    """Read true or false. Raises NotConverted."""
    if isinstance(value, bool):
        return value
    text = as_text(value).lower()
    if text not in _YES | _NO:
        raise unreadable(f"{shown(value)} is neither true nor false")
    return text in _YES


def as_free(value: Any) -> Any:
    """Keep a value of any kind, with its numbers as they are written. Raises NotConverted."""
    if is_binary(value):
        number = exact(value)
        return int(number) if number == number.to_integral_value() else number
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_free(part) for name, part in value.items()}
    return [as_free(part) for part in value] if isinstance(value, list) else value


def as_code(text: str) -> str:
    """Write text as a code: `Trade Show` becomes `trade_show`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-_").replace("-", "_")


def _whole(value: Any) -> str:
    if isinstance(value, int):
        return str(checked(value))
    number = exact(value)
    if number != number.to_integral_value():
        raise unreadable(f"{shown(value)} is a number with a fraction, which has no unique spelling as text")
    return str(int(number))
