"""Read and validate the filters of a request: text, day, number."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from billing_engine.core.api.problems import BAD_FILTER
from billing_engine.core.errors import Refused

HIGHEST = 2**63 - 1
DAY = {"type": "string", "format": "date"}
Value = TypeVar("Value")


class BadFilter(Refused):
    """A filter has an invalid value."""

    code = BAD_FILTER
    http_status = 400


def text_filter(name: str, says: str, **schema: Any) -> OpenApiParameter:
    """A filter by text, for the API schema."""
    return OpenApiParameter(name, {"type": "string", "minLength": 1, **schema}, description=says)


def day_filter(name: str, says: str) -> OpenApiParameter:
    """A filter by day, for the API schema."""
    return OpenApiParameter(name, DAY, description=says)


def asked_text(request: Request, name: str, choices: list[str] | None = None) -> str:
    """The filter's text; "" if not given."""
    text = str(request.query_params.get(name, ""))
    if "\0" in text or (text and choices is not None and text not in choices):
        says = f"one of {', '.join(choices)}" if choices else "text"
        raise BadFilter(f"{name} must be {says}.", parameter=name)
    return text


def asked_day(request: Request, name: str) -> date | None:
    """The filter's day; None if not given."""
    return _read(request, name, date.fromisoformat, "a day such as 2026-10-31")


def asked_number(request: Request, name: str, *, highest: int = HIGHEST) -> int | None:
    """The filter's number, from 1 up; None if not given."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(HIGHEST)) + 1):
            raise ValueError
        if not 1 <= int(text) <= highest:
            raise ValueError
        return int(text)

    return _read(request, name, number, f"a number from 1 to {highest}")


def _read(request: Request, name: str, reads: Callable[[str], Value], says: str) -> Value | None:
    text = asked_text(request, name)
    if not text:
        return None
    try:
        return reads(text)
    except ValueError:
        raise BadFilter(f"{name} must be {says}.", parameter=name) from None
