"""The base layer as a Django app."""

import decimal

from django.apps import AppConfig

from billing_engine.core.money import KEPT_DIGITS


class CoreConfig(AppConfig):
    """Errors, money, spans, tasks, queues and the admin kit."""

    name = "billing_engine.core"
    label = "core"

    def ready(self) -> None:
        """Decimal arithmetic keeps every digit that a column holds, in this thread and in all that start later."""
        decimal.DefaultContext.prec = decimal.getcontext().prec = KEPT_DIGITS
