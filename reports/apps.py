"""The app `reports`: read-only reports across all apps."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Read-only reports across all apps."""

    name = "reports"
