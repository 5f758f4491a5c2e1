"""Answer unreadable parts of an address with a message on every page; it is not our error."""

import logging
import traceback
from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.contrib import messages
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect, JsonResponse
from django.utils.http import escape_leading_slashes

from billing_engine.core.api.problems import BAD_FILTER, PROBLEM_JSON, problem_body

API = "/api/"
NUL = "\0"
READERS = {"django", "rest_framework", "unfold"}  # what reads an address before our code does

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
        """The same for errors found later."""
        if request.method not in ("GET", "HEAD") or not _is_about_the_address(request, error):
            return None
        logger.warning("An address could not be read.", exc_info=error)
        return _told(request)


def _is_about_the_address(request: HttpRequest, error: Exception) -> bool:
    """Return whether Django or PostgreSQL could not read a value of the address; an error of our own code never is.

    PostgreSQL refuses a value by DataError. Django names the value in its message.
    """
    if isinstance(error, DataError):
        return True
    if not isinstance(error, ValueError | OverflowError) or _package_of(error) not in READERS:
        return False
    return any(value and value in str(error) for value in _values(request))


def _package_of(error: Exception) -> str:
    """Return the package whose code raised it."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _values(request: HttpRequest) -> Iterator[str]:
    yield from (text for texts in request.GET.lists() for text in texts[1])
    yield from request.path.split("/")


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
