"""The app `pricing`: what an action costs, and why."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What an action costs, and why."""

    name = "pricing"

    def ready(self) -> None:
        """Tell what a change of terms does to amounts."""
        from leads.domain.terms.effects import register  # noqa: PLC0415 -- models are not loaded earlier
        from pricing.domain.simulation.terms import tell  # noqa: PLC0415 -- as above

        register(tell)
