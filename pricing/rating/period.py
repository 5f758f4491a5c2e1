"""The whole of rating: a period's actions in order, the rules and what earlier periods carry over; one decision each.

`rate_period` is what everything calls. Most rules decide an action when they meet it; a volume price and "highest only"
must have seen the period first, so for these the actions are gone through before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from pricing.rating.caps import capped
from pricing.rating.counters import Counters
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST, excludes_some, exclusion
from pricing.rating.limits import asked_by
from pricing.rating.match import RuleBook
from pricing.rating.once import Paid, covering, key_of, pays
from pricing.rating.prices import Counted
from pricing.rating.unpriceable import in_words
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    Catalogue,
    CustomerFacts,
    Cuts,
    Decision,
    LeadId,
    LineageId,
    RuleFacts,
)

OfLead = tuple[LineageId, LeadId]
# How often a period is gone through for its volumes' totals where they depend on prices, which depend on them.
ROUNDS = 4

_new = tuple.__new__


@dataclass(slots=True)
class Foresight:
    """What only the whole period shows: each lead's highest-priced action, where a rule charges no other; volumes' totals."""

    highest: dict[OfLead, tuple[int, ActionId]] = field(default_factory=dict)  # what it is worth, the action
    totals: Mapping[LineageId, int] = field(default_factory=dict)  # by lineage
    uncertain: AbstractSet[LineageId] = (
        frozenset()
    )  # lineages of which a charge pays for others whatever caps left of it


def rate_period(
    actions: Iterable[ActionFacts],
    *,
    customer: CustomerFacts,
    rules: Sequence[RuleFacts],
    catalogue: Catalogue,
    carried: Counters | None = None,
    faults: dict[ActionId, str] | None = None,
) -> Iterator[Decision]:
    """One decision per action, in the order given, which must be (occurred_at, id).

    `actions` is gone through more than once where a rule needs foresight: then it must be able to begin anew (a list,
    not an iterator). `carried` is what earlier periods, or the part of this one that is rated already, leave behind; it
    is counted on. Pure otherwise: the same values in, the same decisions out, to the last digit. Memory does not grow
    with the actions, only with the leads that a "once", a "highest only" or a cap per lead must remember.

    An action that can't be priced is told to `faults`, by its id and in words, and stays unrated; where there is nobody to
    tell, the fault is raised.
    """
    book, counters = RuleBook(rules, customer, catalogue), Counters() if carried is None else carried
    rater = Rater(book, customer, catalogue, counters, faults)
    rater.foresee(actions)
    return map(rater.decide if faults is None else rater.decide_or_tell, actions)


def needs_foresight(rules: Iterable[RuleFacts]) -> bool:
    """Whether any of them can only decide when the whole period is known."""
    return any(rule.highest_only or rule.price.needs_total for rule in rules)


class Rater:
    """Decides one action after the other, counting as it goes."""

    def __init__(
        self,
        book: RuleBook,
        customer: CustomerFacts,
        catalogue: Catalogue,
        counters: Counters,
        faults: dict[ActionId, str] | None = None,
    ) -> None:
        self._book, self._customer, self._catalogue = book, customer, catalogue
        self._counters, self._faults = counters, faults
        self._seen = Foresight()
        self._not_billable = {kind for kind, is_billable in catalogue.is_billable.items() if not is_billable}
        self._excludes = excludes_some(customer)
        self._asked = asked_by(book.rules)
        # Most rules: what an action costs depends on nothing but what came before it in the period.
        self._plain = {rule.id: rule.price.price for rule in book.rules if self._is_plain(rule)}

    def foresee(self, actions: Iterable[ActionFacts]) -> None:
        """Go through the period beforehand, where a rule asks for it."""
        rules = self._book.rules
        if any(rule.highest_only for rule in rules):
            for action in actions:
                self._consider_or_tell(action)
        volumes = {rule.lineage for rule in rules if rule.price.needs_total}
        if volumes:
            self._foresee_totals(actions, volumes)

    def decide(self, action: ActionFacts) -> Decision:
        """What becomes of the action, given all that came before it.

        Passed once for each of millions of actions: what most of them have nothing to do with is asked for elsewhere.
        """
        if reason := self._exclusion(action):
            return Decision(action.id, None, reason)
        rule = self._book.winner(action)
        if rule is None:
            return Decision(action.id, None, "")
        counters = self._counters
        counted = counters.counted[rule.lineage]
        quantity_before, value_before = counted.quantity, counted.value
        cuts: Cuts = ()
        price = self._plain.get(rule.id)
        if price is not None:
            full = amount = price(counted, action.quantity, action.value)
        else:
            if covered := self._covered(action, rule):
                return Decision(action.id, rule.id, covered[0], 0, 0, (), quantity_before, value_before, covered[1])
            full = self._price(action, rule, counted)
            amount, cuts = capped(full, action, rule, self._customer, counters)
            self._remember(action, rule, amount, full)
        counted.actions += 1
        counted.quantity += action.quantity
        counted.value += action.value or 0
        counters.charged += amount
        # Half the time that naming the fields takes.
        return _new(Decision, (action.id, rule.id, "", amount, full, cuts, quantity_before, value_before, None))

    def _is_plain(self, rule: RuleFacts) -> bool:
        has_budget = self._customer.hard_budget is not None
        return not (has_budget or rule.highest_only or rule.lineage in self._asked or rule.price.needs_total)

    def decide_or_tell(self, action: ActionFacts) -> Decision:
        """The same; an action that can't be priced, for whatever reason, stays unrated, and what comes after it goes on."""
        try:
            return self.decide(action)
        except Exception as error:
            self._tell(action, error)
            return Decision(action.id, None, "")

    def _consider_or_tell(self, action: ActionFacts) -> None:
        try:
            self._consider(action)
        except Exception as error:
            self._tell(action, error)

    def _tell(self, action: ActionFacts, error: Exception) -> None:
        if self._faults is None:
            raise error
        self._faults[action.id] = in_words(error)

    def _exclusion(self, action: ActionFacts) -> str:
        if (
            action.is_voided
            or action.is_test
            or action.is_waived
            or self._excludes
            or action.action_type in self._not_billable
        ):
            return exclusion(action, self._customer, self._catalogue)
        return ""

    def _covered(self, action: ActionFacts, rule: RuleFacts) -> tuple[str, ActionId] | None:
        """Why another action of this lead or person pays for this one too, and which."""
        if paid := self._paid(action, rule):
            return ALREADY_CHARGED, paid.action
        highest = self._seen.highest.get((rule.lineage, action.lead)) if rule.highest_only else None
        return (NOT_HIGHEST, highest[1]) if highest and highest[1] != action.id else None

    def _price(self, action: ActionFacts, rule: RuleFacts, before: Counted) -> int:
        price = rule.price
        if price.needs_total:
            total = self._seen.totals.get(rule.lineage, before.quantity + action.quantity)
            return price.price_within(total, before, action.quantity, action.value)
        return price.price(before, action.quantity, action.value)

    def _remember(self, action: ActionFacts, rule: RuleFacts, amount: int, full: int) -> None:
        asked = self._asked.get(rule.lineage)
        if asked is None:
            return
        self._counters.charge(action, rule, asked, amount)
        if not (asked.once_per_lead or asked.once_per_person):
            return
        given = full if rule.lineage in self._seen.uncertain else amount
        if given > 0 or pays(rule.price, action.quantity, action.value, amount=given, full=full):
            self._counters.pay(action, rule, asked)

    def _paid(self, action: ActionFacts, rule: RuleFacts) -> Paid | None:
        key = key_of(action, rule)
        return None if key is None else covering(action, rule, self._counters.paid[key])

    def _consider(self, action: ActionFacts) -> None:
        """Remember the action if it is its lead's highest-priced so far; the earliest of equals stays.

        What other periods' charges pay for is left out; within the period, the choice comes before "once".
        """
        if self._exclusion(action):
            return
        rule = self._book.winner(action)
        if rule is None or not rule.highest_only:
            return
        if self._paid(action, rule):
            return
        price = rule.price.worth(action.quantity, action.value)
        best = self._seen.highest.get((rule.lineage, action.lead))
        if best is None or price > best[0]:
            self._seen.highest[rule.lineage, action.lead] = price, action.id

    def _foresee_totals(self, actions: Iterable[ActionFacts], volumes: set[LineageId]) -> None:
        """What counts towards a volume is what gets as far as a price: decided by a twin, whose prices are not used.

        They matter only where "once" meets a cap: what a cap leaves nothing of pays for nobody, and so lets another
        action count. Then the totals are those that lead to themselves. Where none do, caps don't matter to that.
        """
        capped = self._customer.hard_budget is not None
        asked = {lineage: self._asked[lineage] for lineage in volumes & self._asked.keys()}
        unsure = {of for of, its in asked.items() if its.once and (capped or its.per_lead or its.per_period)}
        totals: Mapping[LineageId, int] = {}
        for _ in range(ROUNDS if unsure else 1):
            before, totals = totals, self._totals(actions, volumes, totals)
            if not unsure or totals == before:
                self._seen.totals = totals
                return
        self._seen.uncertain = unsure
        self._seen.totals = self._totals(actions, volumes, {})

    def _totals(
        self, actions: Iterable[ActionFacts], volumes: set[LineageId], totals: Mapping[LineageId, int]
    ) -> dict[LineageId, int]:
        """What each volume comes to, if its prices are those at the totals given."""
        twin = Rater(self._book, self._customer, self._catalogue, self._counters.copy(), self._faults)
        twin._seen = replace(self._seen, totals=totals)
        for action in actions:
            twin.decide_or_tell(action)
        counted = twin._counters.counted
        return {lineage: counted[lineage].quantity for lineage in volumes}
