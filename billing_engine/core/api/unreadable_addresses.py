"""Answer unreadable parts of an address with a message on every page; it is not our error."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect, JsonResponse
from django.utils.http import escape_leading_slashes

from billing_engine.core.api.problems import BAD_FILTER, PROBLEM_JSON, problem_body

API = "/api/"
NUL = "\0"
# What Django and PostgreSQL raise for an invalid value: NUL in a string, the year 99999, thirty digits.
UNREADABLE = (DataError, ValueError, OverflowError)

WORDS = "The address contains a value that can't be read."

logger = logging.getLogger(__name__)


class OddAddressesMiddleware:
    """Answer a GET with an unreadable path or query: the API with a problem document, other pages without the query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The API validates its parameters itself, with its own messages.
        if not request.path.startswith(API) and _has_nul(request):
            return _told(request)
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The same for errors found later; without a query, only a number or a NUL in the path can be at fault."""
        kinds = UNREADABLE if request.GET or NUL in request.path else (DataError, OverflowError)
        if request.method not in ("GET", "HEAD") or not isinstance(error, kinds):
            return None
        logger.warning("An address could not be read.", exc_info=error)
        return _told(request)


def _has_nul(request: HttpRequest) -> bool:
    return NUL in request.path or any(NUL in text for name, texts in request.GET.lists() for text in (name, *texts))


def _told(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        body = problem_body(HTTPStatus.BAD_REQUEST, BAD_FILTER, WORDS)
        return JsonResponse(body, status=HTTPStatus.BAD_REQUEST, content_type=PROBLEM_JSON)
    if request.method not in ("GET", "HEAD") or not request.GET or NUL in request.path:
        return HttpResponseNotFound(WORDS, content_type="text/plain")
    messages.warning(request, f"{WORDS} This is the page without it.")
    return HttpResponseRedirect(escape_leading_slashes(request.path))  # `//other.site/` would be another site
