"""Refuse two rules of the same scope and priority at the same time, because nothing could choose between them."""

from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from pricing.domain.scope.scopes import same_scope
from pricing.models import PriceRule

OVERLAP = "active_rules_of_one_scope_never_overlap"


class RulesOverlap(Refused):
    """Two active rules of the same scope and priority would price the same instant."""

    code = "rules_overlap"

    def __init__(self, others: list[PriceRule]) -> None:
        self.others = others
        names = ", ".join(f"“{other}”, from {in_words(other.wall_from)}" for other in others)
        super().__init__(
            f"Another active rule already covers this scope, priority and time: {names}. Revise or retire that one.",
            rules=[other.pk for other in others],
        )


def check_overlap(rule: PriceRule) -> None:
    """Refuse before asking for a second person, who could not fix it; the database has the final check."""
    others = [other for other in same_scope(rule) if other.pk != rule.revises_id]
    if others:
        raise RulesOverlap(others)
