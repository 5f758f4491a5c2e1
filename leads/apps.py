"""The app `leads`: customers, and the leads that sources send."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Customers, and the leads that sources send."""

    name = "leads"

    def ready(self) -> None:
        """Register what can be approved."""
        from leads.domain.catalog.approvals import register_kinds  # noqa: PLC0415 -- models are not loaded earlier

        register_kinds()
