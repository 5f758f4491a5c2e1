"""One log line per request, one observation per route, and one id shared by both and the response."""

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from billing_engine.core import log_context
from billing_engine.core.deeds import origin
from billing_engine.operations.monitoring import traces
from billing_engine.operations.monitoring.request_times import REQUEST_SECONDS
from billing_engine.operations.monitoring.trusted_proxies import client_of, is_within
from leads.api.authentication import SourceAsUser

HEADER = "X-Request-ID"
ID = re.compile(r"[\w.:=+/-]{8,100}", re.ASCII)
# Polled every few seconds by machines: logged only if something is wrong.
QUIET = {"/livez", "/readyz", "/metrics"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

logger = logging.getLogger("billing_engine.requests")


class RequestsMiddleware:
    """The outermost middleware, so that it sees every request and every refusal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_passed_on = is_within(request.META.get("REMOTE_ADDR", ""), settings.PROXIES)
        request_id = _id_of(request, is_believed=is_passed_on)
        log_context.begin(request=request_id)
        address = client_of(
            str(request.META.get("REMOTE_ADDR", "")), request.headers.get("X-Forwarded-For", ""), settings.PROXIES
        )
        origin.request_from(address)
        started = time.perf_counter()
        with traces.span(f"{request.method}", request=request_id) as span:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            route = _route(request)
            traces.name(span, f"{request.method} {route}", status=response.status_code)
        method = request.method if request.method in METHODS else "OTHER"
        REQUEST_SECONDS.labels(method, route, f"{response.status_code // 100}xx").observe(seconds)
        _tell(request, response.status_code, seconds, address)
        response.headers[HEADER] = request_id
        log_context.end()
        origin.request_from("")
        return response


def _id_of(request: HttpRequest, *, is_believed: bool) -> str:
    """Only the proxy's id; any other client's might be another request's id, or contain a line break."""
    given = request.headers.get(HEADER, "") if is_believed else ""
    return given if ID.fullmatch(given) else token_hex(16)


def _route(request: HttpRequest) -> str:
    """The pattern instead of the path: there are only as many as routes, and they contain no ids."""
    match = request.resolver_match
    if match is not None:
        return match.route or "/"
    return request.path if request.path in QUIET else "none"


def _tell(request: HttpRequest, status: int, seconds: float, address: str) -> None:
    ms = round(seconds * 1000, 1)
    level = logging.INFO
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        level = logging.WARNING
    elif request.path in QUIET:
        level = logging.DEBUG
    fields: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "status": status,
        "ms": ms,
        "address": address,
    }
    words = "%s %s %s in %s ms"
    logger.log(level, words, request.method, request.path, status, ms, extra=fields | _who(request))


def _who(request: HttpRequest) -> dict[str, Any]:
    """The source or the user by number, if known; a user's name may be an email address."""
    user = vars(request).get("user")
    if type(user) is SourceAsUser:  # isinstance would make Django's lazy user read the session
        return {"source": user.source.code}
    person = vars(request).get("_cached_user")  # set by Django once the session's user has been read
    return {"user": person.pk} if person is not None and person.pk else {}
