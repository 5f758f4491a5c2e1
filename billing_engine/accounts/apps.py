"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Staff accounts on top of django-allauth."""

    name = "billing_engine.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what Django and allauth report about log-ins."""
        from billing_engine.accounts.login import receivers  # noqa: PLC0415 -- needs the models

        receivers.connect()
