"""Admission control for every request but `/livez`: without a free slot, the client is told to retry."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from billing_engine.core.api.problems import BUSY, PROBLEM_JSON, RETRY_AFTER_SECONDS, problem_body
from billing_engine.operations.database_stalls import slots

API = "/api/"

WORDS = (
    "The engine can't respond at the moment. Send the same request again in a few seconds; nothing is counted twice."
)
PAGE = "The engine can't respond at the moment. Reload the page in a few seconds.\n"

logger = logging.getLogger(__name__)


class PlacesMiddleware:
    """Lets a request in if there is a slot; tells clients to retry a request that the database broke off."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/livez":
            return self.get_response(request)
        slot = slots.take()
        if slot is None:
            return busy(request)
        is_at_work_still = False
        try:
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse):
                is_at_work_still = True  # until everything is sent or broken off: the server closes every response
                closers: list[Callable[[], None]] = vars(response)["_resource_closers"]
                closers.append(slot.give_back)
            return response
        finally:
            if not is_at_work_still:
                slot.give_back()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The database is unavailable or timed out: not the page's error."""
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.warning("A request was broken off: %s", error)
        return busy(request)


def busy(request: HttpRequest) -> HttpResponse:
    """Not now: a problem document in the API, plain text elsewhere."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if request.path.startswith(API):
        body = problem_body(status, BUSY, WORDS)
        return JsonResponse(body, status=status, content_type=PROBLEM_JSON, headers=headers)
    return HttpResponse(PAGE, status=status, content_type="text/plain", headers=headers)
