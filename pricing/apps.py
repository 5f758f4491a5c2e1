"""The app `pricing`: what an action costs, and why."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What an action costs, and why."""

    name = "pricing"

    def ready(self) -> None:
        """Register what needs the approval of a second person, and what changed facts do to charges."""
        from billing_engine.core.approvals.kinds import register  # noqa: PLC0415 -- models are not loaded earlier
        from pricing.domain.simulation.approvals import RULE_ACTIVATION, RULE_RETIREMENT  # noqa: PLC0415 -- as above
        from pricing.domain.simulation.effect import register_facts  # noqa: PLC0415 -- as above

        register(RULE_ACTIVATION)
        register(RULE_RETIREMENT)
        register_facts()
