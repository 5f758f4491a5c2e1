"""Counters of a rating while a period streams by: nothing per action, and per lead only if a rule needs it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from pricing.rating.limits import Asked
from pricing.rating.once import Key, Paid, keys_of
from pricing.rating.prices import Counted
from pricing.rating.values import ActionFacts, LeadId, LineageId, RuleFacts


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
