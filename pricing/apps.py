"""The app `pricing`: what an action costs, and why."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What an action costs, and why."""

    name = "pricing"

    def ready(self) -> None:
        """Register what needs the approval of a second person, and what changed terms and facts do to amounts."""
        from billing_engine.core.approvals.kinds import register  # noqa: PLC0415 -- models are not loaded earlier
        from leads.domain.terms import effects  # noqa: PLC0415 -- as above
        from pricing.domain.simulation.approvals import RULE_ACTIVATION, RULE_RETIREMENT  # noqa: PLC0415 -- as above
        from pricing.domain.simulation.effect import register_facts  # noqa: PLC0415 -- as above
        from pricing.domain.simulation.terms import tell  # noqa: PLC0415 -- as above

        register(RULE_ACTIVATION)
        register(RULE_RETIREMENT)
        effects.register(tell)
        register_facts()
