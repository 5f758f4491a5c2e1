"""The app `leads`: customers, and the leads that sources send."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Customers, and the leads that sources send."""

    name = "leads"
