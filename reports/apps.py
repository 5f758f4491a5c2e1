"""The app `reports`: reports across all apps, and the files that people asked for."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports across all apps, and the files that people asked for."""

    name = "reports"
