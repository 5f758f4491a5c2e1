"""The app `leads`: who is billed, and what came in."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Who is billed, and what came in."""

    name = "leads"
