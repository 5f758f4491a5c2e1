"""The app `reports`: reports across all apps, and what it keeps for itself."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports across all apps, and what it keeps for itself."""

    name = "reports"
