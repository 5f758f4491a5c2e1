"""The app `invoices`: what a customer owes."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """What a customer owes."""

    name = "invoices"
