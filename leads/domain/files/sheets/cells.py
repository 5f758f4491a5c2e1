"""Write the value of a cell as text, without adding or losing anything."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

EXACT = 10**15  # whole numbers from here on have lost digits: a spreadsheet keeps fifteen


class Damaged(Exception):
    """A whole number of more digits than a spreadsheet keeps."""


def text_of(value: object) -> str:
    """Return a cell as text. Raises Damaged."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Real):
        return _number(value)
    if isinstance(value, datetime | date | time):
        return _instant(value)
    return _duration(value) if isinstance(value, timedelta) else str(value)


def _number(value: Any) -> str:
    if abs(value) >= EXACT:
        raise Damaged
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    # Fifteen digits are what a spreadsheet keeps and shows; the others are noise of the binary form.
    return format(Decimal(format(value, ".15g")), "f")


def _instant(value: date | time) -> str:
    """The reader has rounded the serial number to milliseconds, which is as much as it carries."""
    if isinstance(value, datetime | time) and value.microsecond:
        return value.isoformat(timespec="milliseconds")
    return value.isoformat()


def _duration(value: timedelta) -> str:
    """Hours may be more than 24, as a spreadsheet shows them."""
    seconds, milliseconds = divmod(round(abs(value) / timedelta(milliseconds=1)), 1000)
    fraction = f".{milliseconds:03}" if milliseconds else ""
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
