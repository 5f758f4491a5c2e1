"""What rating counts while a period streams by; nothing per action, and per lead only where a rule asks for it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from pricing.rating.facts import ActionFacts, Id, RuleFacts
from pricing.rating.once import Key, Paid, key_of
from pricing.rating.prices import Counted


@dataclass(slots=True)
class Counters:
    """Starts empty, or with what earlier periods carry over: the last paid ones, and what leads were charged."""

    counted: defaultdict[Id, Counted] = field(default_factory=lambda: defaultdict(Counted))  # by lineage
    by_rule: defaultdict[Id, int] = field(default_factory=lambda: defaultdict(int))  # charged, by lineage
    by_lead: defaultdict[tuple[Id, Id], int] = field(default_factory=lambda: defaultdict(int))  # by lineage and lead
    paid: defaultdict[Key, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    charged: int = 0

    def copy(self) -> "Counters":
        """The same counts, to go on counting apart from these."""
        counted = defaultdict(Counted, {lineage: replace(one) for lineage, one in self.counted.items()})
        paid = defaultdict(list, {key: list(ones) for key, ones in self.paid.items()})
        return Counters(counted, self.by_rule.copy(), self.by_lead.copy(), paid, self.charged)

    def charged_by_rule(self, rule: RuleFacts) -> int:
        return self.by_rule[rule.lineage] if rule.cap_per_period is not None else 0

    def charged_to_lead(self, rule: RuleFacts, action: ActionFacts) -> int:
        return self.by_lead[rule.lineage, action.lead] if rule.cap_per_lead is not None else 0

    def remember(self, action: ActionFacts, rule: RuleFacts, amount: int) -> None:
        """This action is charged: what the rule's limits count, and what later actions must not be charged for again."""
        if rule.cap_per_period is not None:
            self.by_rule[rule.lineage] += amount
        if rule.cap_per_lead is not None:
            self.by_lead[rule.lineage, action.lead] += amount
        if rule.once is not None and (key := key_of(action, rule)):
            self.paid[key].append(Paid(action.occurred_at, action.id))
