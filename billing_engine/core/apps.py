"""The floor as a Django app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Errors, money, spans, later, frozen rows and the admin's bases."""

    name = "billing_engine.core"
    label = "core"
