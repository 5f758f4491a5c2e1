"""What a request asks for: filters and the page, checked; who may ask."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from billing_engine.core.errors import Refused
from leads.api.authentication import ApiKeyAuthentication
from leads.models import ApiKey

MOST = 1_000
USUAL = 100
HIGHEST = 2**63 - 1
Value = TypeVar("Value")

LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, description="How many at most."
)
AFTER = OpenApiParameter(
    "after",
    {"type": "integer", "minimum": 1, "maximum": HIGHEST},
    description="Go on behind this one; `next` of an answer has it.",
)


class BadFilter(Refused):
    """A filter says what it cannot mean."""

    code = "bad_filter"
    http_status = 400


class SeesInvoices(BasePermission):
    """Staff who may see invoices and charges; a source's key opens its leads, never its customer's invoices."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiKey):
            return False
        return bool(request.user.has_perms(("invoices.view_invoice", "pricing.view_charge")))


class InvoicesView(APIView):
    """Who may read what an invoice says."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [SeesInvoices]


def text_filter(name: str, says: str, **schema: Any) -> OpenApiParameter:
    """A filter by text, for the API's document."""
    return OpenApiParameter(name, {"type": "string", "minLength": 1, **schema}, description=says)


def asked_text(request: Request, name: str, choices: list[str] | None = None) -> str:
    """The filter's text, "" without it."""
    text = str(request.query_params.get(name, ""))
    if "\0" in text or (text and choices is not None and text not in choices):
        says = f"one of {', '.join(choices)}" if choices else "text"
        raise BadFilter(f"«{name}» must be {says}.", parameter=name)
    return text


def asked_day(request: Request, name: str) -> date | None:
    """The filter's day, None without it."""
    return _read(request, name, date.fromisoformat, "a day such as 2026-10-31")


def asked_number(request: Request, name: str, *, highest: int = HIGHEST) -> int | None:
    """The filter's number, from 1 on; None without it."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(HIGHEST)) + 1):
            raise ValueError
        if not 1 <= int(text) <= highest:
            raise ValueError
        return int(text)

    return _read(request, name, number, f"a number from 1 to {highest}")


def asked_limit(request: Request) -> int:
    """How many the answer may have."""
    return asked_number(request, "limit", highest=MOST) or USUAL


def next_address(request: Request, after: int | None) -> str | None:
    """Where the answer goes on; None where it does not."""
    if after is None:
        return None
    asked = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"{request.path}?{urlencode({**asked, 'after': after})}"


def _read(request: Request, name: str, reads: Callable[[str], Value], says: str) -> Value | None:
    text = asked_text(request, name)
    if not text:
        return None
    try:
        return reads(text)
    except ValueError:
        raise BadFilter(f"«{name}» must be {says}.", parameter=name) from None
