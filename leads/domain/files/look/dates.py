"""Find the columns with dates, and each reading that fits all their values: if several do, a person is asked."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

_PARTS = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ,]+\d{1,2}:\d{2}.*)?")
MONTHS, DAYS = 12, 31
YEAR_DIGITS = (2, 4)


class Order(StrEnum):
    """In which order a date has its day, month and year."""

    YEAR_FIRST = "year_first"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def date_orders(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, tuple[Order, ...]]:
    """Return the columns in which every value is a date, each with the orders that fit all of its values."""
    found: dict[int, set[Order]] = {}
    seen = set[int]()
    for row in rows:
        for place, text in enumerate(row[: len(columns)]):
            if text.strip():
                fits = orders_of(text)
                found[place] = found[place] & fits if place in seen else fits
                seen.add(place)
    return {
        columns[place]: tuple(order for order in Order if order in fits)
        for place, fits in sorted(found.items())
        if fits and columns[place]
    }


def orders_of(text: str) -> set[Order]:
    """Return the orders in which this text is a date; none if it isn't one."""
    match = _PARTS.fullmatch(text.strip())
    if not match:
        return set()
    first, second, third = match.groups()
    a, b = int(first), int(second)
    if len(first) == max(YEAR_DIGITS):
        is_date = len(third) <= 2 and _is_day(day=int(third), month=b)
        return {Order.YEAR_FIRST} if is_date else set()
    if len(first) > 2 or len(third) not in YEAR_DIGITS:
        return set()
    found = set[Order]()
    if _is_day(day=a, month=b):
        found.add(Order.DAY_FIRST)
    if _is_day(day=b, month=a):
        found.add(Order.MONTH_FIRST)
    return found


def _is_day(*, day: int, month: int) -> bool:
    return 1 <= day <= DAYS and 1 <= month <= MONTHS
