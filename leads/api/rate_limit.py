"""A source asks as often as it was agreed, all its keys together."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from billing_engine.core.rate_limit import wait_for_turn
from leads.models import ApiKey


class SourceThrottle(BaseThrottle):
    """Lets a source's requests through evenly; who comes too early hears when to come again (Retry-After)."""

    def __init__(self) -> None:
        self._wait = 0

    def allow_request(self, request: Request, view: object) -> bool:
        if not isinstance(request.auth, ApiKey):
            return True  # nobody we know: refused already, or an open page
        source = request.auth.source
        limit = source.requests_per_minute
        per_minute: int = settings.REQUESTS_PER_MINUTE if limit is None else limit
        if per_minute:
            self._wait = wait_for_turn(f"requests:{source.pk}", per_minute=per_minute)
        return not self._wait

    def wait(self) -> float | None:
        """Seconds; the framework rounds them up."""
        return self._wait / 1000
