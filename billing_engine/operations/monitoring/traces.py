"""OpenTelemetry spans: one per request, task and statement, if OTEL_EXPORTER_OTLP_ENDPOINT is set.

Otherwise nothing of OpenTelemetry is imported. A span contains ids, routes and statements with placeholders; never a
value, an exception's message, an address or a query string.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

SERVICE = "lead-billing-engine"
STATEMENT_CHARACTERS = 500
SERVER_ERROR = 500

_started: list[Tracer] = []  # one, or none


def start() -> None:
    """Send spans from now on; raises ImproperlyConfigured if the packages are missing."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 -- only if it is used
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 -- only if it is used
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- only if it is used
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- only if it is used
    except ImportError as error:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but requirements-watch.txt is not installed."
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", SERVICE)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    # In the background, and again in every forked process; the endpoint is read from the environment.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _started[:] = [provider.get_tracer(SERVICE)]


@contextmanager
def span(name: str, **told: str | int) -> Iterator[Span | None]:
    """A span around the block, and one per statement below it; nothing if spans are not sent."""
    if not _started:
        yield None
        return
    attributes = {f"engine.{key}": value for key, value in told.items()}
    with (
        _started[0].start_as_current_span(name, attributes=attributes, record_exception=False) as current,
        connection.execute_wrapper(_statement),
    ):
        yield current


def name(current: Span | None, words: str, *, status: int) -> None:
    """Name a request's span, once its route is known."""
    if current is None:
        return
    current.update_name(words)
    current.set_attribute("http.response.status_code", status)
    if status >= SERVER_ERROR:
        fail(current)


def fail(current: Span | None) -> None:
    """Mark the span as failed; the reason is in the log, under the same id."""
    if current is not None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 -- only if it is used

        current.set_status(StatusCode.ERROR)


def _statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 -- Django calls it this way
    told = {"db.system": "postgresql", "db.query.text": str(sql)[:STATEMENT_CHARACTERS]}
    with _started[0].start_as_current_span("SQL", attributes=told, record_exception=False):
        return execute(sql, params, many, context)
