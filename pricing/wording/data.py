"""Quantities as durable data: JSON with every number as an exact string, read back without loss."""

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from pricing.rating.amounts import Micro
from pricing.rating.statement import Count, Money, Number, Percent, Quantity, Units, Value
from pricing.wording.numbers import to_decimal

Data = dict[str, str | list[str | None]]  # {"money": "2.5"}, {"units": ["100", null]}


def as_data(quantity: Quantity) -> Data:
    """`{"money": "2.5"}`."""
    match quantity:
        case Money(micro):
            return {"money": exact(micro)}
        case Number(micro):
            return {"number": exact(micro)}
        case Percent(micro):
            return {"percent": exact(micro)}
        case Count(count):
            return {"count": str(count)}
        case Units(above, up_to):
            return {"units": _bounds(above, up_to)}
        case Value(above, up_to):
            return {"value": _bounds(above, up_to)}
        case _ as unreachable:
            assert_never(unreachable)


def from_data(data: Mapping[str, str | list[str | None]]) -> Quantity:
    """Convert back."""
    ((kind, found),) = data.items()
    if isinstance(found, list):
        above, up_to = found
        span = in_micro(above or "0"), None if up_to is None else in_micro(up_to)
        return Units(*span) if kind == "units" else Value(*span)
    match kind:
        case "money":
            return Money(in_micro(found))
        case "number":
            return Number(in_micro(found))
        case "percent":
            return Percent(in_micro(found))
        case "count":
            return Count(int(found))
    raise ValueError(f"“{kind}” is not a kind of quantity.")


def exact(micro: int) -> str:
    """The exact number without trailing zeros: `2.5`, `100`."""
    return f"{to_decimal(micro).normalize():f}"


def in_micro(text: str) -> Micro:
    """Convert back."""
    return Micro(int(Decimal(text).scaleb(6)))


def _bounds(above: int, up_to: int | None) -> list[str | None]:
    return [exact(above), None if up_to is None else exact(up_to)]
