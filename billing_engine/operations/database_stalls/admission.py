"""The door that every request but `/livez` passes: one that finds no place at work is told to come again."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from billing_engine.core.api.problems import BUSY, PROBLEM_JSON, RETRY_AFTER_SECONDS, problem_body
from billing_engine.operations.database_stalls import slots

API = "/api/"

WORDS = "The engine can't answer at the moment. Send the same again in a few seconds: nothing counts twice."
PAGE = "The engine can't answer at the moment. Reload the page in a few seconds.\n"

logger = logging.getLogger(__name__)


class PlacesMiddleware:
    """Lets a request in when there is a place for it; and says of one that the database broke off that it may come again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/livez":
            return self.get_response(request)
        if not slots.take():
            return busy(request)
        is_at_work_still = False
        try:
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse):
                is_at_work_still = True  # until everything is sent, or broken off: the server closes every answer
                closers: list[Callable[[], None]] = vars(response)["_resource_closers"]
                closers.append(slots.give_back)
            return response
        finally:
            if not is_at_work_still:
                slots.give_back()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The database is away, or gave up: no fault of the page's."""
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.warning("A request was broken off: %s", error)
        return busy(request)


def busy(request: HttpRequest) -> HttpResponse:
    """Not now: in the API as a problem, elsewhere in words."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if request.path.startswith(API):
        body = problem_body(status, BUSY, WORDS)
        return JsonResponse(body, status=status, content_type=PROBLEM_JSON, headers=headers)
    return HttpResponse(PAGE, status=status, content_type="text/plain", headers=headers)
