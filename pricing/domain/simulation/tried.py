"""The drafts of a simulation that are left, and whether they are still as it tried them, so that they may go live from it."""

from collections.abc import Collection

from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import reference
from pricing.domain.rule_book.history import WRITTEN
from pricing.models import PriceRule, Simulation

AT_ONCE = 100


class NotAsSimulated(Refused):
    """Only drafts that a finished simulation tried as they are go live from it."""

    code = "not_as_simulated"


def drafts_left(simulation: Simulation) -> list[PriceRule]:
    """Its drafts that are still drafts."""
    found = simulation.drafts.filter(state=PriceRule.State.DRAFT)
    related = ("customer", "product__customer", "source", "action_type", "revises")
    return list(found.select_related(*related).prefetch_related("tiers").order_by("pk"))


def edited_since(drafts: Collection[PriceRule], simulation: Simulation) -> list[PriceRule]:
    """Those that someone has edited since the simulation started, or all if it left no record of its start."""
    started = Deed.objects.on(simulation).order_by("pk").values_list("pk", flat=True).first()  # its first deed
    if started is None:
        return list(drafts)
    written = Deed.objects.about_any(drafts).filter(verb__in=WRITTEN, pk__gt=started)
    subjects = {touched[0] for touched in written.values_list("objects_touched", flat=True)}
    return [draft for draft in drafts if reference(draft) in subjects]


def check_may_go_live(simulation: Simulation) -> list[PriceRule]:
    """The drafts that may go live from this simulation. Raises NotAsSimulated."""
    if simulation.finished_at is None or simulation.stopped_at is not None:
        raise NotAsSimulated("This simulation did not finish.")
    left = drafts_left(simulation)
    if not left:
        raise NotAsSimulated("None of the drafts is left.")
    if len(left) > AT_ONCE:
        raise NotAsSimulated(f"These are more than {AT_ONCE} drafts. Activate them from the list of price rules.")
    if edited := edited_since(left, simulation):
        names = ", ".join(f"“{draft}”" for draft in edited[:3]) + (" and others" if len(edited) > 3 else "")
        raise NotAsSimulated(f"Edited since this simulation: {names}. Simulate again.")
    return left
