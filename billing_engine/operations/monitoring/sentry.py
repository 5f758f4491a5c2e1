"""Send errors to Sentry if SENTRY_DSN is set; otherwise nothing of Sentry is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from billing_engine.core import log_context
from billing_engine.operations.monitoring.redaction import masked

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

# Only that there was a request, and which. Its query string, cookies, headers and body may contain a lead's data.
OF_A_REQUEST = {"method", "url"}


def start(dsn: str) -> None:
    """Send errors from now on; raises ImproperlyConfigured if the package is missing or the DSN is invalid."""
    try:
        import sentry_sdk  # noqa: PLC0415 -- only if it is used
    except ImportError as error:
        raise ImproperlyConfigured("SENTRY_DSN is set, but requirements-watch.txt is not installed.") from error
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
        raise ImproperlyConfigured(f"SENTRY_DSN is not a valid Sentry address: {error}.") from error


def _without_persons(event: Event, _hint: Hint) -> Event:
    redacted: Any = masked(event)
    request = redacted.get("request", {})
    redacted["request"] = {name: value for name, value in request.items() if name in OF_A_REQUEST}
    redacted.pop("user", None)
    redacted["tags"] = {**redacted.get("tags", {}), log_context.REQUEST: log_context.asked_by()}
    kept: Event = redacted
    return kept


def _crumb(crumb: Breadcrumb, _hint: BreadcrumbHint) -> Breadcrumb:
    kept: Breadcrumb = masked(crumb)
    return kept
