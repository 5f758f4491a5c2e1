"""The drafts of a simulation that are still as it tried them."""

from billing_engine.core.models import Deed
from pricing.domain.rule_book.history import WRITTEN
from pricing.domain.simulation.simulate import SIMULATION_STARTED
from pricing.models import PriceRule, Simulation


def drafts_left(simulation: Simulation) -> list[PriceRule]:
    """Its drafts that are still drafts, as tried or not."""
    found = simulation.drafts.filter(state=PriceRule.State.DRAFT)
    related = ("customer", "product__customer", "source", "action_type", "revises")
    return list(found.select_related(*related).prefetch_related("tiers").order_by("pk"))


def is_as_tried(draft: PriceRule, simulation: Simulation) -> bool:
    """Whether no one has edited the draft since the simulation started."""
    started = Deed.objects.on(simulation).filter(verb=SIMULATION_STARTED.code).values_list("pk", flat=True).first()
    written = Deed.objects.on(draft).filter(verb__in=WRITTEN)
    return started is not None and not written.filter(pk__gt=started).exists()
