"""The app `pricing`: what an action costs, and why."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What an action costs, and why."""

    name = "pricing"

    def ready(self) -> None:
        """Register what can be tried, and what it does to charges."""
        from pricing.domain.effect import register_effects  # noqa: PLC0415 -- models are not loaded earlier

        register_effects()
