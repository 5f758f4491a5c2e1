"""Faults go to Sentry where SENTRY_DSN says where to; where it does not, nothing of Sentry is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from billing_engine.core import log_context
from billing_engine.operations.monitoring.redaction import masked

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

# Of a request: that it was one, and which. Its query string, cookies, headers and body may hold a lead's data.
OF_A_REQUEST = {"method", "url"}


def start(dsn: str) -> None:
    """Send faults from here on; raises ImproperlyConfigured where the package is missing or the DSN is none."""
    try:
        import sentry_sdk  # noqa: PLC0415 -- only where it is wanted
    except ImportError as error:
        raise ImproperlyConfigured("SENTRY_DSN is set, and requirements-watch.txt is not installed.") from error
    try:
        sentry_sdk.init(
            dsn=dsn,
            send_default_pii=False,
            auto_session_tracking=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=_without_persons,
            before_breadcrumb=_crumb,
        )
    except sentry_sdk.utils.BadDsn as error:
        raise ImproperlyConfigured(f"SENTRY_DSN is no address of Sentry's: {error}.") from error


def _without_persons(event: Event, _hint: Hint) -> Event:
    told: Any = masked(event)
    request = told.get("request", {})
    told["request"] = {name: value for name, value in request.items() if name in OF_A_REQUEST}
    told.pop("user", None)
    told["tags"] = {**told.get("tags", {}), log_context.REQUEST: log_context.asked_by()}
    kept: Event = told
    return kept


def _crumb(crumb: Breadcrumb, _hint: BreadcrumbHint) -> Breadcrumb:
    kept: Breadcrumb = masked(crumb)
    return kept
