"""Step 2: choose the rule that prices an action. Highest priority wins, then the most specific scope, then the latest start."""

from bisect import bisect_right
from collections.abc import Iterable

from pricing.rating.instants import Instant
from pricing.rating.values import (
    ActionFacts,
    Catalog,
    CustomerFacts,
    KindId,
    ProductFacts,
    ProductId,
    RuleFacts,
    SourceFacts,
    SourceId,
)

Scope = tuple[ProductId, SourceId, KindId]
Rank = tuple[int, bool, bool, bool, bool, bool, bool, Instant]
DIMENSIONS = ("priority", "customer", "product", "category", "source", "channel", "action type", "effective from")


def rank(rule: RuleFacts) -> Rank:
    """A rule's rank, dimension by dimension (`DIMENSIONS`); the greater one wins."""
    return (
        rule.priority,
        rule.customer is not None,
        rule.product is not None,
        rule.category != "",
        rule.source is not None,
        rule.channel != "",
        rule.action_type is not None,
        rule.effective_from,
    )


class RuleBook:
    """The rules open to one customer, best first, looked up by the action."""

    def __init__(self, rules: Iterable[RuleFacts], customer: CustomerFacts, catalog: Catalog) -> None:
        self._catalog = catalog
        self._rules = sorted(
            (rule for rule in rules if rule.customer in (None, customer.id) and rule.currency == customer.currency),
            key=rank,
            reverse=True,
        )
        self._of_type: dict[KindId, list[RuleFacts]] = {}
        # Only scopes whose facts never change; the others are searched once between two changes.
        self._of_scope: dict[Scope, list[RuleFacts]] = {}
        self._of_stretch: dict[Scope, tuple[list[Instant], dict[int, list[RuleFacts]]]] = {}
        self._of_facts: dict[tuple[ProductFacts, SourceFacts, KindId], list[RuleFacts]] = {}

    def winner(self, action: ActionFacts) -> RuleFacts | None:
        """The best rule effective when the action occurred, or None if the action is unrated."""
        at = action.occurred_at
        # `candidates` inlined: this line runs once per action.
        scope = (action.product, action.source, action.action_type)
        for rule in self._of_scope.get(scope) or self.candidates(action):
            if rule.effective_from <= at and (rule.effective_to is None or at < rule.effective_to):
                return rule
        return None

    def matching(self, action: ActionFacts) -> list[RuleFacts]:
        """All rules effective when the action occurred, the winner first."""
        at = action.occurred_at
        return [
            rule
            for rule in self.candidates(action)
            if rule.effective_from <= at and (rule.effective_to is None or at < rule.effective_to)
        ]

    def candidates(self, action: ActionFacts) -> list[RuleFacts]:
        """All rules whose scope includes the action, effective or not, best first."""
        # A customer has few combinations of product, source and action type but many actions: each combination is searched
        # once, and only among the rules open to its action type.
        scope = (action.product, action.source, action.action_type)
        found = self._of_scope.get(scope)
        if found is None:
            changing = self._of_stretch.get(scope)
            if changing is None:
                changing = self._of_stretch[scope] = self._changes_of(action.product, action.source), {}
            changes, of_stretch = changing
            if not changes:
                found = self._of_scope[scope] = self._by_facts(action)
                return found
            stretch = bisect_right(changes, action.occurred_at)
            found = of_stretch.get(stretch)
            if found is None:
                found = of_stretch[stretch] = self._by_facts(action)
        return found

    def _changes_of(self, product: ProductId, source: SourceId) -> list[Instant]:
        """When the facts of the product or of the source change, in order."""
        begins = {begin for begin, _ in self._catalog.products_later.get(product, ())}
        begins |= {begin for begin, _ in self._catalog.sources_later.get(source, ())}
        return sorted(begins)

    def _by_facts(self, action: ActionFacts) -> list[RuleFacts]:
        facts = self._catalog.product_of(action), self._catalog.source_of(action), action.action_type
        found = self._of_facts.get(facts)
        if found is None:
            found = self._of_facts[facts] = self._open_to_facts(*facts)
        return found

    def _open_to_facts(self, about: ProductFacts, sender: SourceFacts, action_type: KindId) -> list[RuleFacts]:
        return [
            rule
            for rule in self._open_to(action_type)
            if (rule.product is None or rule.product == about.id)
            and (not rule.category or rule.category == about.category)
            and (rule.source is None or rule.source == sender.id)
            and (not rule.channel or rule.channel == sender.channel)
        ]

    @property
    def rules(self) -> list[RuleFacts]:
        """All rules, best first."""
        return self._rules

    def _open_to(self, action_type: KindId) -> list[RuleFacts]:
        found = self._of_type.get(action_type)
        if found is None:
            found = [rule for rule in self._rules if rule.action_type in (None, action_type)]
            self._of_type[action_type] = found
        return found
