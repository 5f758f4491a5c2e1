"""The app `invoices`: what a customer owes."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    """What a customer owes."""

    name = "invoices"

    def ready(self) -> None:
        """Say what of a lower storey's pages depends on what is billed."""
        from invoices.domain.month_close.close_month import refuse_locked_first_day  # noqa: PLC0415 -- models are there only now
        from leads.domain.first_day import register  # noqa: PLC0415 -- as above

        register(refuse_locked_first_day)
