"""Whether this process is alive (`/livez`), and whether it can work (`/readyz`).

Both are answered before anything else handles the request: a load balancer connects by address, over plain HTTP,
without a session.
"""

import logging
import time
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from billing_engine.operations import heartbeat

BEAT_KEY = "billing_engine:beat"
BEAT_LATE_SECONDS = 60  # the schedule's shortest interval is five seconds
TIMEOUT_SECONDS = 2
STEP_SECONDS = 1.0

logger = logging.getLogger(__name__)


class HealthMiddleware:
    """Answers the two addresses, and passes on every other request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/livez":
            return HttpResponse("alive\n", content_type="text/plain")
        if request.path == "/readyz":
            return _readiness(request.GET.get("only", ""))
        return self.get_response(request)


def fault_of(name: str) -> str | None:
    """A short description of what is wrong with one of `CHECKS`, safe for strangers, or None."""
    try:
        return CHECKS[name]()
    except (DatabaseError, redis.RedisError) as error:
        logger.warning("Not ready: %s: %s", name, error)
        connection.close_if_unusable_or_obsolete()
        return "does not answer"


def wait_for(name: str, *, seconds: float) -> None:
    """Wait until one of `CHECKS` succeeds; raises TimeoutError with the fault after that time. Waiting counts as alive."""
    deadline = time.monotonic() + seconds
    while (fault := fault_of(name)) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {seconds:.0f} seconds: {fault}")
        heartbeat.leave()
        time.sleep(STEP_SECONDS)


def beats() -> None:
    """Beat is running: it reports each time it checks its schedule."""
    broker().set(BEAT_KEY, time.time(), ex=BEAT_LATE_SECONDS)


def _readiness(only: str) -> JsonResponse:
    """`?only=database,migrations` is for a load balancer: leads are accepted even if Redis or beat is unavailable."""
    names = only.split(",") if only else list(CHECKS)
    if not set(names) <= set(CHECKS):
        return JsonResponse({"error": f"only may name {', '.join(CHECKS)}"}, status=400)
    faults = {name: fault_of(name) for name in names}
    ready = not any(faults.values())
    answer = {"ready": ready, **{name: fault or "ok" for name, fault in faults.items()}}
    return JsonResponse(answer, status=200 if ready else 503)


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def _migrations() -> str | None:
    applied = MigrationRecorder(connection).applied_migrations()
    waiting = sum(not any(names <= applied.keys() for names in each) for each in _migrations_of_the_code())
    return f"{waiting} not applied" if waiting else None


@cache
def _migrations_of_the_code() -> list[tuple[set[tuple[str, str]], ...]]:
    """The migrations of this process, read once: each by its own name, or by the names of those that it replaces."""
    graph = MigrationLoader(None).graph
    return [
        ({key}, *([set(migration.replaces)] if migration.replaces else []))
        for key, migration in graph.nodes.items()
        if migration is not None
    ]


def _broker() -> str | None:
    broker().ping()
    return None


def _beat() -> str | None:
    return None if broker().exists(BEAT_KEY) else f"not seen for {BEAT_LATE_SECONDS} seconds"


def broker() -> redis.Redis:
    """Redis, with a short timeout."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "beat": _beat,
}
