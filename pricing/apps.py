"""The app `pricing`: what an action costs, and why."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What an action costs, and why."""

    name = "pricing"
