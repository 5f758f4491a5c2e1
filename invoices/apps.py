"""The app `invoices`: billing runs, invoices and their delivery."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """Register what lower layers need from this app."""

    name = "invoices"

    def ready(self) -> None:
        """Register what lower layers need: a check on a customer's first day, and what needs a second person."""
        from billing_engine.core.approvals import kinds  # noqa: PLC0415 -- models are not loaded earlier
        from invoices.domain.month_close.approvals import KINDS  # noqa: PLC0415 -- as above
        from invoices.domain.month_close.close_month import refuse_locked_first_day  # noqa: PLC0415 -- models are not loaded earlier
        from leads.domain.first_day import register  # noqa: PLC0415 -- as above

        register(refuse_locked_first_day)
        for kind in KINDS:
            kinds.register(kind)
