"""The address `/metrics`: for internal monitoring only, and not found for anyone else."""

from collections.abc import Callable
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from billing_engine.operations.monitoring.metrics import registry
from billing_engine.operations.monitoring.trusted_proxies import is_within


class MetricsMiddleware:
    """Answers `/metrics` before hosts, HTTPS and sessions are checked, because a scrape has none of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != "/metrics":
            return self.get_response(request)
        if not _may_read(request):
            return HttpResponse("Not found.\n", status=404, content_type="text/plain")
        return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """Callers with the token, from anywhere; callers from an allowed network that no proxy passed on."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    is_passed_on = "X-Forwarded-For" in request.headers
    return not is_passed_on and is_within(request.META.get("REMOTE_ADDR", ""), settings.METRICS_NETWORKS)
