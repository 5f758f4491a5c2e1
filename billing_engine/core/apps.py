"""The floor as a Django app."""

import decimal

from django.apps import AppConfig

from billing_engine.core.money import KEPT_DIGITS


class CoreConfig(AppConfig):
    """Errors, money, spans, later, frozen rows and the admin's bases."""

    name = "billing_engine.core"
    label = "core"

    def ready(self) -> None:
        """Sums of money keep every digit that a column holds, in this thread and in all that start after it."""
        decimal.DefaultContext.prec = decimal.getcontext().prec = KEPT_DIGITS
