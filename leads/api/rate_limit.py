"""Limit the requests of a source, all its API keys together, and those of each key of a customer."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from billing_engine.core.rate_limit import wait_for_turn
from leads.models import ApiKey, CustomerKey, Source


class KeyThrottle(BaseThrottle):
    """Spaces the requests of a source, or of a customer's key, evenly; an early request is refused with Retry-After."""

    def __init__(self) -> None:
        self._wait = 0

    def allow_request(self, request: Request, view: object) -> bool:
        if isinstance(request.auth, CustomerKey):
            return self._allows(f"customer-key:{request.auth.pk}", settings.CUSTOMER_REQUESTS_PER_MINUTE)
        if not isinstance(request.auth, ApiKey):
            return True  # not authenticated: already refused, or a public page
        self._wait = wait_of(request.auth.source)
        return not self._wait

    def _allows(self, name: str, per_minute: int) -> bool:
        if per_minute:
            self._wait = wait_for_turn(name, per_minute=per_minute)
        return not self._wait

    def wait(self) -> float | None:
        """Return the seconds to wait, which DRF rounds up."""
        return self._wait / 1000


def wait_of(source: Source) -> int:
    """Milliseconds until the source may send again, by any key or webhook; 0 means now, and counts the request."""
    limit = source.requests_per_minute
    per_minute: int = settings.REQUESTS_PER_MINUTE if limit is None else limit
    return wait_for_turn(f"requests:{source.pk}", per_minute=per_minute) if per_minute else 0
