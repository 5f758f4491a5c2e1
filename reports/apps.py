"""The app `reports`: reading only."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reading only."""

    name = "reports"
