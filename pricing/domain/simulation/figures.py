"""The results of a simulation, summed per currency, customer, rule and action type."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Abs, Coalesce

from pricing.models import PriceRule, SimulatedCustomer, SimulatedSum, Simulation

State = SimulatedCustomer.State
COUNTED = (
    "now_charges",
    "now_amount",
    "now_excluded",
    "now_unrated",
    "then_charges",
    "then_amount",
    "then_excluded",
    "then_unrated",
    "newly_charged",
    "newly_excluded",
    "newly_unrated",
)
BY_CUSTOMER = ("period__customer", "period__customer__name")
BY_RULE = ("rule", "rule_name")
BY_ACTION_TYPE = ("action_type", "action_type__name")
MOVES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of a results table: a group, and its sums now and with the drafts."""

    key: int | None
    name: str
    currency: str
    counted: dict[str, Any]

    @property
    def now(self) -> Decimal:
        return Decimal(self.counted["sum_of_now_amount"])

    @property
    def then(self) -> Decimal:
        return Decimal(self.counted["sum_of_then_amount"])

    def of(self, what: str) -> int:
        """Return a count by name, such as `now_charges` or `newly_unrated`."""
        return int(self.counted[f"sum_of_{what}"])

    @property
    def difference(self) -> Decimal:
        return self.then - self.now


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a simulation has progressed."""

    customers: int
    settled: int
    failed: int
    actions: int
    rated: int
    behind: int

    @property
    def percent(self) -> int:
        if self.settled == self.customers:
            return 100
        return min(99, 100 * self.rated // self.actions) if self.actions else 0


def progress(simulation: Simulation) -> Progress:
    """Count the simulation's progress."""
    open_ones = Q(state__in=(State.WAITING, State.RUNNING))
    found = simulation.customers.aggregate(
        customers=Count("pk"),
        settled=Count("pk", filter=~open_ones),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        actions=Sum("actions", default=0),
        rated=Sum("actions_rated", default=0),
        behind=Sum("behind", default=0),
    )
    return Progress(**found)


def totals(simulation: Simulation) -> list[Figure]:
    """The totals per currency."""
    rows = _summed(simulation.sums, ())
    return [Figure(None, row["currency"], row["currency"], row) for row in rows.order_by("currency")]


def totals_of(simulations: Collection[int]) -> dict[int, list[Figure]]:
    """The same for many simulations, by simulation."""
    found: dict[int, list[Figure]] = {}
    sums = SimulatedSum.objects.filter(simulation__in=simulations)
    for row in _summed(sums, ("simulation",)).order_by("simulation", "currency"):
        found.setdefault(row["simulation"], []).append(Figure(None, row["currency"], row["currency"], row))
    return found


def failures_of(simulations: Collection[int]) -> dict[int, int]:
    """The number of failed customers, by simulation."""
    failed = SimulatedCustomer.objects.filter(simulation__in=simulations, state=State.FAILED)
    return dict(failed.values_list("simulation").annotate(Count("pk")))


def by(simulation: Simulation, key: tuple[str, str]) -> list[Figure]:
    """By customer, rule or action type, and currency; the largest change first."""
    figures = [Figure(row[key[0]], row[key[1]], row["currency"], row) for row in _summed(simulation.sums, key)]
    return sorted(figures, key=_largest_first)


def by_rule(simulation: Simulation) -> list[Figure]:
    """One row per rule and currency: a draft together with the revision that it replaces, under the later one's key."""
    found = by(simulation, BY_RULE)
    keys = [figure.key for figure in found if figure.key]
    lineages = dict(PriceRule.objects.filter(pk__in=keys).values_list("pk", Coalesce("first_revision", "pk")))
    groups = defaultdict[tuple[int, str], list[Figure]](list)
    for figure in sorted(found, key=lambda each: -(each.key or 0)):
        groups[lineages.get(figure.key or 0, figure.key or 0), figure.currency].append(figure)
    return sorted(map(_together, groups.values()), key=_largest_first)


def _together(figures: list[Figure]) -> Figure:
    latest = figures[0]
    counted = {name: sum(each.counted[name] for each in figures) for name in (f"sum_of_{name}" for name in COUNTED)}
    return Figure(latest.key, latest.name, latest.currency, counted)


def _largest_first(figure: Figure) -> tuple[Decimal, Decimal, str]:
    return (-abs(figure.difference), -figure.now, figure.name)


def everything(simulation: Simulation) -> Iterator[dict[str, Any]]:
    """By customer, month, rule and action type, row by row."""
    keys = (
        "period__customer__code",
        "period__customer__name",
        "period__label",
        "rule",
        "rule_name",
        "action_type__name",
    )
    rows = _summed(simulation.sums, keys)
    yield from rows.order_by(*keys).iterator(chunk_size=2_000)


def greatest(simulation: Simulation, kind: str) -> Any:
    """The actions with the largest change, or the most expensive newly unrated or excluded ones."""
    size = F("then_amount") - F("now_amount")
    return (
        simulation.moves.filter(kind=kind)
        .annotate(size=size, absolute=Abs(size))
        .select_related("action__action_type", "action__lead__product", "period__customer")
        .order_by("-absolute", "action_id")[:MOVES_SHOWN]
    )


def _summed(sums: Any, keys: tuple[str, ...]) -> Any:
    """The rows as dictionaries."""
    found = sums.values(*keys, currency=F("period__customer__currency"))
    return found.annotate(**{f"sum_of_{name}": Sum(name) for name in COUNTED})
