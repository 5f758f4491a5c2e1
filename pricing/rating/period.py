"""The whole of rating: a period's actions in order, the rules and the catalogue in; one decision per action out."""

from collections.abc import Iterable, Iterator, Sequence

from pricing.rating.caps import capped
from pricing.rating.exclude import exclusion
from pricing.rating.facts import ActionFacts, Catalogue, Counters, CustomerFacts, Decision, RuleFacts
from pricing.rating.match import RuleBook
from pricing.rating.tiers import price


def rate_period(
    actions: Iterable[ActionFacts],
    *,
    customer: CustomerFacts,
    rules: Sequence[RuleFacts],
    catalogue: Catalogue,
) -> Iterator[Decision]:
    """One decision per action, in the order given, which must be (occurred_at, id).

    Pure: the same values in give the same decisions out, to the last digit. It holds one counter per rule and
    nothing per action, so a period of any size streams through.
    """
    book = RuleBook(rules, customer, catalogue)
    counters = Counters()
    for action in actions:
        reason = exclusion(action, customer, catalogue)
        if reason:
            yield Decision(action.id, None, reason, 0, 0, "", 0)
            continue
        rule = book.winner(action)
        if rule is None:
            yield Decision(action.id, None, "", 0, 0, "", 0)
            continue
        yield _charge(action, rule, customer, counters)


def _charge(action: ActionFacts, rule: RuleFacts, customer: CustomerFacts, counters: Counters) -> Decision:
    before = counters.quantity.get(rule.lineage, 0)
    full = price(rule.price, before, action.quantity)
    amount, cap = capped(full, customer, counters)
    counters.quantity[rule.lineage] = before + action.quantity
    counters.charged += amount
    return Decision(action.id, rule.id, "", amount, full, cap, before)
