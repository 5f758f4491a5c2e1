"""The whole of rating: a period's actions in order, the rules and what earlier periods carry over; one decision each.

`rate_period` is what everything calls. Most rules decide an action when they meet it; a volume price and "highest only"
must have seen the period first, so for these the actions are gone through once or twice before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pricing.rating.caps import capped
from pricing.rating.counters import Counters
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST, exclusion
from pricing.rating.facts import ActionFacts, Catalogue, CustomerFacts, Decision, Id, RuleFacts
from pricing.rating.match import RuleBook
from pricing.rating.once import Paid, covering, key_of
from pricing.rating.prices import Counted, Volume

OfLead = tuple[Id, Id]  # a rule's lineage and a lead


@dataclass(slots=True)
class Foresight:
    """What only the whole period shows: each lead's dearest action under a "highest only" rule, each volume's total."""

    dearest: dict[OfLead, tuple[int, Id]] = field(default_factory=dict)  # its price on its own, the action
    totals: dict[Id, int] = field(default_factory=dict)  # by lineage


def rate_period(
    actions: Iterable[ActionFacts],
    *,
    customer: CustomerFacts,
    rules: Sequence[RuleFacts],
    catalogue: Catalogue,
    carried: Counters | None = None,
) -> Iterator[Decision]:
    """One decision per action, in the order given, which must be (occurred_at, id).

    `actions` is gone through more than once where a rule needs foresight: then it must be able to begin anew (a list,
    not an iterator). `carried` is what earlier periods, or the part of this one that is rated already, leave behind; it
    is counted on. Pure otherwise: the same values in, the same decisions out, to the last digit. Memory does not grow
    with the actions, only with the leads that a "once", a "highest only" or a cap per lead must remember.
    """
    rater = Rater(RuleBook(rules, customer, catalogue), customer, catalogue, Counters() if carried is None else carried)
    rater.foresee(actions)
    return map(rater.decide, actions)


def needs_foresight(rules: Iterable[RuleFacts]) -> bool:
    """Whether any of them can only decide when the whole period is known."""
    return any(rule.highest_only or isinstance(rule.price, Volume) for rule in rules)


class Rater:
    """Decides one action after the other, counting as it goes."""

    def __init__(self, book: RuleBook, customer: CustomerFacts, catalogue: Catalogue, counters: Counters) -> None:
        self._book, self._customer, self._catalogue = book, customer, catalogue
        self._counters = counters
        self._seen = Foresight()

    def foresee(self, actions: Iterable[ActionFacts]) -> None:
        """Go through the period beforehand, where a rule asks for it."""
        rules = self._book.rules
        if any(rule.highest_only for rule in rules):
            for action in actions:
                self._consider(action)
        if any(isinstance(rule.price, Volume) for rule in rules):
            # What counts towards a volume is what gets as far as a price: decided by a twin, whose prices are not used.
            twin = Rater(self._book, self._customer, self._catalogue, self._counters.copy())
            twin._seen.dearest = self._seen.dearest
            for action in actions:
                twin.decide(action)
            self._seen.totals = {lineage: counted.quantity for lineage, counted in twin._counters.counted.items()}

    def decide(self, action: ActionFacts) -> Decision:
        """What becomes of the action, given all that came before it."""
        reason = exclusion(action, self._customer, self._catalogue)
        if reason:
            return Decision(action.id, None, reason)
        rule = self._book.winner(action)
        if rule is None:
            return Decision(action.id, None, "")
        counters = self._counters
        before = counters.before(rule)
        if rule.once is not None and (paid := self._paid(action, rule)):
            return Decision(action.id, rule.id, ALREADY_CHARGED, 0, 0, "", before.quantity, before.value, paid.action)
        dearest = self._seen.dearest.get((rule.lineage, action.lead)) if rule.highest_only else None
        if dearest and dearest[1] != action.id:
            return Decision(action.id, rule.id, NOT_HIGHEST, 0, 0, "", before.quantity, before.value, dearest[1])
        full = self._price(action, rule, before)
        amount, cap = capped(full, action, rule, self._customer, counters)
        counters.count(action, rule, before, amount)
        # Most actions end here, and `_make` takes half as long as naming the fields does.
        return Decision._make((action.id, rule.id, "", amount, full, cap, before.quantity, before.value, None))

    def _price(self, action: ActionFacts, rule: RuleFacts, before: Counted) -> int:
        model = rule.price
        if isinstance(model, Volume):
            total = self._seen.totals.get(rule.lineage, before.quantity + action.quantity)
            return model.price_within(total, before, action.quantity)
        return model.price(before, action.quantity, action.value)

    def _paid(self, action: ActionFacts, rule: RuleFacts) -> Paid | None:
        key = key_of(action, rule)
        return None if key is None else covering(action, rule, self._counters.paid[key])

    def _consider(self, action: ActionFacts) -> None:
        """Remember the action if it is its lead's dearest so far; it is priced on its own, the earliest of equals stays."""
        if exclusion(action, self._customer, self._catalogue):
            return
        rule = self._book.winner(action)
        if rule is None or not rule.highest_only:
            return
        if self._paid(action, rule):
            return
        price = self._price(action, rule, Counted())
        best = self._seen.dearest.get((rule.lineage, action.lead))
        if best is None or price > best[0]:
            self._seen.dearest[rule.lineage, action.lead] = price, action.id
