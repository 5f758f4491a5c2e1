"""Format micro-units for people."""

from decimal import Decimal
from functools import lru_cache

from billing_engine.core import money as amounts
from pricing.rating.prices import MICRO


def money(micro: int, currency: str) -> str:
    """`$2.50`, with up to six decimal places as needed."""
    return _money(micro, currency, str(amounts.reader()))


@lru_cache(10_000)  # the same few prices repeat, and babel is slow
def _money(micro: int, currency: str, _reader: str) -> str:
    return amounts.price_in_words(to_decimal(micro), currency)


def number(micro: int) -> str:
    """The number without trailing zeros: `3`, `1,250`, `0.5`."""
    return amounts.number_in_words(to_decimal(micro))


def percent(micro: int) -> str:
    """`1.3%`."""
    return f"{number(micro)}%"


def days(count: int) -> str:
    """`1 day`, `30 days`."""
    return "1 day" if count == 1 else f"{count:,} days"


def units(above: int, up_to: int | None) -> str:
    """A range of a period's units: `units 1–100`, `units 101 and above`; with fractions `units above 2.5 up to 10`."""
    if above == 0 and up_to is None:
        return "all units"
    if _is_whole(above) and (up_to is None or _is_whole(up_to)):
        first = number(above + MICRO)
        last = "" if up_to is None else number(up_to)
        if first == last:
            return f"unit {first}"
        return f"units {first}–{last}" if last else f"units {first} and above"
    return f"units{_bounds(above and number(above), up_to and number(up_to))}"


def value(above: int, up_to: int | None, currency: str) -> str:
    """A range of a period's value: `value up to $1,000.00`, `value above $1,000.00`."""
    if above == 0 and up_to is None:
        return "all value"
    return f"value{_bounds(above and money(above, currency), up_to and money(up_to, currency))}"


def to_decimal(micro: int) -> Decimal:
    """Convert an integer of micro-units to a Decimal with six places."""
    return Decimal(micro).scaleb(-6)


def _bounds(above: object, up_to: object) -> str:
    return (f" above {above}" if above else "") + (f" up to {up_to}" if up_to else "")


def _is_whole(micro: int) -> bool:
    return micro % MICRO == 0
