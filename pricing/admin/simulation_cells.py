"""How tables show simulations: their state, their sums, and those of a rule."""

from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.html import format_html

from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, instant, link
from billing_engine.core.money import in_words
from pricing.domain.simulation.figures import Figure, failures_of, totals_of
from pricing.models import PriceRule, Simulation

SHOWN = 10


def state_chip(simulation: Simulation, *, failed: int) -> Any:
    """In progress, finished, stopped or failed."""
    label: tuple[str, Colour] = ("Finished", "green")
    if simulation.finished_at is None:
        label = ("Stopping", "orange") if simulation.stopped_at else ("In progress", "blue")
    elif simulation.stopped_at:
        label = ("Stopped", "orange")
    elif failed:
        label = ("Finished, some failed", "red")
    return chip(*label)


def signed(amount: Decimal, currency: str) -> str:
    """`+$1.50`, `−$1.50`, `$0.00`."""
    words = in_words(abs(amount), currency)
    return words if not amount else f"+{words}" if amount > 0 else f"−{words}"


def difference(figure: Figure) -> str:
    """How much more or less it is with the drafts."""
    return signed(figure.difference, figure.currency)


def differences(figures: list[Figure]) -> str:
    """The differences of all currencies."""
    return ", ".join(map(difference, figures)) or NOTHING


def simulations_of(rule: PriceRule) -> list[dict[str, Any]]:
    """The latest simulations of the rule's revisions."""
    lineage = Q(drafts=rule.lineage) | Q(drafts__first_revision=rule.lineage)
    found = list(Simulation.objects.filter(lineage).select_related("created_by").distinct().order_by("-pk")[:SHOWN])
    keys = [simulation.pk for simulation in found]
    failed, sums = failures_of(keys), totals_of(keys)
    return [
        {
            "link": link(simulation),
            "others": len(simulation.draft_snapshots) - 1,
            "state": state_chip(simulation, failed=failed.get(simulation.pk, 0)),
            "months": ", ".join(simulation.months),
            "difference": differences(sums.get(simulation.pk, [])),
            "run": format_html("{} by {}", instant(simulation.created_at), simulation.created_by),
        }
        for simulation in found
    ]
