"""The app `reports`: reports across all apps, and what it keeps for itself."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports across all apps, and what it keeps for itself."""

    name = "reports"

    def ready(self) -> None:
        """Register what writes budget alerts to customers."""
        from leads.models import EmailTopic  # noqa: PLC0415 -- models are not loaded earlier
        from receivables.domain.topic_emails.sending import compose_by  # noqa: PLC0415 -- as above
        from reports.domain.alerts.customer_budget import composed  # noqa: PLC0415 -- as above

        compose_by(EmailTopic.BUDGET, composed)
