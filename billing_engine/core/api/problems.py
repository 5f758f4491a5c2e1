"""Turn every refusal and API error into an RFC 9457 problem document."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from billing_engine.core.errors import Refused

PROBLEM_JSON = "application/problem+json"

BUSY = "busy"
BAD_FILTER = "bad_filter"  # also for addresses that can't be read
RETRY_AFTER_SECONDS = 5

logger = logging.getLogger(__name__)


class UnknownAddress(APIView):
    """A problem document for unknown API addresses, instead of a page for people."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The problem document for `error`; None for our own errors."""
    if isinstance(error, Refused):
        refusal = _problem(error.http_status, error.code, str(error), error.facts)
        if error.http_status == HTTPStatus.UNAUTHORIZED:
            refusal["WWW-Authenticate"] = "Bearer"  # HTTP requires it with every 401
        return refusal
    if isinstance(error, OperationalError | InterfaceError):
        return _busy(error)
    error = _as_api_exception(error)
    response = exception_handler(error, context)
    if response is None:
        return None
    code, words = (error.default_code, str(error.detail)) if isinstance(error, APIException) else ("refused", "")
    codes = error.get_codes() if isinstance(error, APIException) else code
    problem = _problem(response.status_code, codes if isinstance(codes, str) else code, words, {})
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response:
            problem[header] = response[header]
    return problem


def _busy(error: OperationalError | InterfaceError) -> Response:
    """The database timed out and nothing was stored; or it is unavailable, and the last statement may or may not be stored."""
    logger.warning("A request was broken off: %s", error)
    if getattr(error.__cause__, "pgcode", None):  # the exception says so
        words = "This took too long, or waited too long for another request. Nothing was stored. Send it again."
    else:
        words = "The database did not respond. Send the same request again; nothing is counted twice."
    problem = _problem(HTTPStatus.SERVICE_UNAVAILABLE, BUSY, words, {})
    problem["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return problem


def _as_api_exception(error: Exception) -> Exception:
    """Django's own two exceptions, converted to those of the API framework."""
    if isinstance(error, Http404):
        return NotFound()
    return PermissionDenied() if isinstance(error, DjangoPermissionDenied) else error


def _problem(status: int, code: str, detail: str, facts: dict[str, object]) -> Response:
    return Response(problem_body(status, code, detail) | facts, status=status, content_type=PROBLEM_JSON)


def problem_body(status: int, code: str, detail: str) -> dict[str, object]:
    """The problem document."""
    return {
        "type": f"urn:lead-billing:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
