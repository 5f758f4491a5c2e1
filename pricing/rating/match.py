"""Step 2: which rule prices an action. The highest priority wins, then the most specific scope, then the later start."""

from collections.abc import Iterable
from datetime import datetime

from pricing.rating.facts import ActionFacts, Catalogue, CustomerFacts, RuleFacts

Rank = tuple[int, bool, bool, bool, bool, bool, bool, datetime, int]


def rank(rule: RuleFacts) -> Rank:
    """How rules compare, dimension by dimension: the greater one wins. The id only makes the order total."""
    return (
        rule.priority,
        rule.customer is not None,
        rule.product is not None,
        rule.category != "",
        rule.source is not None,
        rule.channel != "",
        rule.action_type is not None,
        rule.effective_from,
        rule.id,
    )


class RuleBook:
    """The rules open to one customer, best first, looked up by what an action is about."""

    def __init__(self, rules: Iterable[RuleFacts], customer: CustomerFacts, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rules = sorted(
            (rule for rule in rules if rule.customer in (None, customer.id) and rule.currency == customer.currency),
            key=rank,
            reverse=True,
        )
        self._of_scope: dict[tuple[int, int, int], list[RuleFacts]] = {}

    def winner(self, action: ActionFacts) -> RuleFacts | None:
        """The best rule effective when the action occurred, or None: unrated."""
        for rule in self.candidates(action):
            if rule.effective_from <= action.occurred_at and (
                rule.effective_to is None or action.occurred_at < rule.effective_to
            ):
                return rule
        return None

    def candidates(self, action: ActionFacts) -> list[RuleFacts]:
        """All rules whose scope holds the action, whenever they are effective, best first."""
        # A customer has few (product, source, action type) and many actions: each scope is searched once.
        key = (action.product, action.source, action.action_type)
        found = self._of_scope.get(key)
        if found is None:
            found = self._of_scope[key] = [rule for rule in self._rules if self._holds(rule, *key)]
        return found

    def _holds(self, rule: RuleFacts, product: int, source: int, action_type: int) -> bool:
        return (
            rule.product in (None, product)
            and rule.category in ("", self._catalogue.category_of_product[product])
            and rule.source in (None, source)
            and rule.channel in ("", self._catalogue.channel_of_source[source])
            and rule.action_type in (None, action_type)
        )
