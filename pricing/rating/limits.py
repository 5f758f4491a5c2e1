"""Limits count per lineage: what any revision of a rule limits is counted for all revisions."""

from collections.abc import Iterable
from typing import NamedTuple

from pricing.rating.values import LineageId, RuleFacts


class Asked(NamedTuple):
    """What the revisions of one rule, together, need counted."""

    per_lead: bool = False
    per_period: bool = False
    once_per_lead: bool = False
    once_per_person: bool = False

    @property
    def once(self) -> bool:
        """Whether a revision charges once per lead or per person."""
        return self.once_per_lead or self.once_per_person

    @property
    def carries(self) -> bool:
        """Whether charges of one period matter in another."""
        return self.per_lead or self.once

    def beside(self, rule: RuleFacts) -> "Asked":
        """The same with one more revision."""
        once = rule.once
        return Asked(
            self.per_lead or rule.cap_per_lead is not None,
            self.per_period or rule.cap_per_period is not None,
            self.once_per_lead or (once is not None and not once.per_person),
            self.once_per_person or (once is not None and once.per_person),
        )


NOTHING = Asked()


def asked_by(rules: Iterable[RuleFacts]) -> dict[LineageId, Asked]:
    """By lineage, for rules with any limit."""
    found = dict[LineageId, Asked]()
    for rule in rules:
        found[rule.lineage] = found.get(rule.lineage, NOTHING).beside(rule)
    return {lineage: asked for lineage, asked in found.items() if asked != NOTHING}
