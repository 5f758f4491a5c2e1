"""Paging of lists: `limit` rows after the one that `after` names, and a link to the next page."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import HIGHEST, asked_number

MOST = 1_000
USUAL = 100
Row = TypeVar("Row")

LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    description="Maximum number of results.",
)
AFTER = OpenApiParameter(
    "after",
    {"type": "integer", "minimum": 1, "maximum": HIGHEST},
    description="Continue after this one; taken from `next` of a response.",
)


def page_serializer(shape: type[serializers.Serializer[Any]], name: str) -> Any:
    """A page of results, for the API schema."""
    fields = {
        "results": shape(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Address of the next page."),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields | {"__doc__": f"A page: {shape.__doc__}"})


def asked_limit(request: Request) -> int:
    """The maximum number of results. Read one row more to see whether the list continues."""
    return asked_number(request, "limit", highest=MOST) or USUAL


def page_response(
    request: Request, rows: Sequence[Row], results: list[Any], *, limit: int, place: Callable[[Row], int | str]
) -> Response:
    """The results, and the next page if more rows than the limit were read; `place` returns a row's value of `after`."""
    after = place(rows[limit - 1]) if len(rows) > limit else None
    return Response({"results": results, "next": None if after is None else _next_address(request, after)})


def _next_address(request: Request, after: int | str) -> str:
    asked = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"{request.path}?{urlencode({**asked, 'after': after})}"
