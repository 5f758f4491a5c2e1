"""The app `reports`: reports across all apps."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports across all apps."""

    name = "reports"
