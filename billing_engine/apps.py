"""The project's Django apps: its management commands, and the admin with our own site."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from billing_engine.operations.monitoring import sentry, traces


class BillingEngineConfig(AppConfig):
    """Contains the commands for the whole project: `up`, `down`, `roles`, `schema`."""

    name = "billing_engine"
    label = "billing_engine"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            sentry.start(settings.SENTRY_DSN)
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            traces.start()


class BillingAdminConfig(AdminConfig):
    """Django's admin with our own site."""

    default_site = "billing_engine.admin_site.BillingAdminSite"
