"""Counters of a rating while a period streams by: nothing per action, and per lead only if a rule needs it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from pricing.rating.instants import Instant
from pricing.rating.limits import Asked
from pricing.rating.once import Key, Paid, keys_of
from pricing.rating.prices import Counted
from pricing.rating.values import (
    ActionFacts,
    Decision,
    KindId,
    LeadId,
    LineageId,
    ProductId,
    RuleFacts,
    RuleId,
    SourceId,
)

CHARGED, INCLUDED, UNRATED = "charged", "included", "unrated"  # outcomes besides the reasons of exclusions
# The local date of an instant, and until when it lasts: later instants before that have the same.
DayAt = Callable[[Instant], tuple[date, Instant]]
CellKey = tuple[ProductId, SourceId, KindId, RuleId | None, str]  # the last one is the outcome


@dataclass(slots=True)
class Counters:
    """Start empty, or with what other periods carry over: the last charges that pay for others, and the leads' totals."""

    counted: defaultdict[LineageId, Counted] = field(default_factory=lambda: defaultdict(Counted))  # by lineage
    by_rule: defaultdict[LineageId, int] = field(default_factory=lambda: defaultdict(int))  # amount charged, by lineage
    by_lead: defaultdict[tuple[LineageId, LeadId], int] = field(
        default_factory=lambda: defaultdict(int)
    )  # by lineage and lead
    paid: defaultdict[Key, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    charged: int = 0

    def copy(self) -> "Counters":
        """A copy, to count separately."""
        counted = defaultdict(Counted, {lineage: replace(one) for lineage, one in self.counted.items()})
        paid = defaultdict(list, {key: list(ones) for key, ones in self.paid.items()})
        return Counters(counted, self.by_rule.copy(), self.by_lead.copy(), paid, self.charged)

    def charged_by_rule(self, rule: RuleFacts) -> int:
        """What all revisions of the rule charged in the period, if the rule limits that."""
        return self.by_rule[rule.lineage] if rule.cap_per_period is not None else 0

    def charged_to_lead(self, rule: RuleFacts, action: ActionFacts) -> int:
        """What all revisions of the rule charged the lead, in every period, if the rule limits that."""
        return self.by_lead[rule.lineage, action.lead] if rule.cap_per_lead is not None else 0

    def charge(self, action: ActionFacts, rule: RuleFacts, asked: Asked, amount: int) -> None:
        """Count a charged action for the limits that any revision of its rule has."""
        if asked.per_period:
            self.by_rule[rule.lineage] += amount
        if asked.per_lead:
            self.by_lead[rule.lineage, action.lead] += amount

    def pay(self, action: ActionFacts, rule: RuleFacts, asked: Asked) -> None:
        """Remember that this charge covers repeats of its lead or person, as any revision of the rule may ask."""
        for key in keys_of(rule.lineage, asked, action.lead, action.person, action.action_type):
            self.paid[key].append(Paid(action.occurred_at, action.id))


@dataclass(slots=True)
class Cell:
    """The decisions of one day about the same, counted and added up."""

    actions: int = 0
    quantity: int = 0
    amount: int = 0
    full_amount: int = 0


class DailySums:
    """The decisions of one period, by day and by what they are about; they come in rating order."""

    def __init__(self, day_at: DayAt) -> None:
        self.days: dict[date, dict[CellKey, Cell]] = {}
        self._day_at = day_at
        self._today: dict[CellKey, Cell] = {}
        self._until = Instant(0)
        self._months: dict[date, dict[CellKey, Cell]] = {}

    def add(self, action: ActionFacts, decision: Decision) -> None:
        """Count one decision; runs once for each of millions."""
        if action.occurred_at >= self._until:
            day, self._until = self._day_at(action.occurred_at)
            self._today = self.days.setdefault(day, {})
        outcome = decision.reason
        if not outcome:
            outcome = UNRATED if decision.rule is None else CHARGED if decision.amount else INCLUDED
        key = (action.product, action.source, action.action_type, decision.rule, outcome)
        cell = self._today.get(key)
        if cell is None:
            cell = self._today[key] = Cell()
        cell.actions += 1
        cell.quantity += action.quantity
        cell.amount += decision.amount
        cell.full_amount += decision.full_amount

    def months(self) -> dict[date, dict[CellKey, Cell]]:
        """The same by month, named by its first day, once all decisions are added."""
        if not self._months:
            for day, cells in self.days.items():
                _add_all(self._months.setdefault(day.replace(day=1), {}), cells)
        return self._months

    def forget_days(self) -> None:
        """Keep the months only."""
        self.months()
        self.days, self._today = {}, {}


def _add_all(to: dict[CellKey, Cell], cells: dict[CellKey, Cell]) -> None:
    for key, cell in cells.items():
        total = to.get(key)
        if total is None:
            total = to[key] = Cell()
        total.actions += cell.actions
        total.quantity += cell.quantity
        total.amount += cell.amount
        total.full_amount += cell.full_amount
