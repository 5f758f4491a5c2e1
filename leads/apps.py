"""The app `leads`: customers, and the leads that sources send."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Customers, and the leads that sources send."""

    name = "leads"

    def ready(self) -> None:
        """Register what needs the approval of a second person."""
        from billing_engine.core.approvals.kinds import register  # noqa: PLC0415 -- models are not loaded earlier
        from leads.domain.access.second_person import THRESHOLD  # noqa: PLC0415 -- as above

        register(THRESHOLD)
