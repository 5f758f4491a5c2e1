"""Rate a whole period: actions in order, rules and carried-over counters in, one decision per action out.

Everything calls `rate_period`. Most rules decide each action as it comes; a volume price and "highest only" need to see
the whole period first, so the actions are read beforehand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from pricing.rating.caps import capped
from pricing.rating.counters import Counters, DailySums
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST, excludes_some, exclusion
from pricing.rating.limits import asked_by
from pricing.rating.match import RuleBook
from pricing.rating.once import Paid, covering, key_of, pays
from pricing.rating.prices import Counted
from pricing.rating.unpriceable import in_words
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    Catalog,
    CustomerFacts,
    Cuts,
    Decision,
    LeadId,
    LineageId,
    RuleFacts,
)

OfLead = tuple[LineageId, LeadId]
# How often a period is read for volume totals that depend on prices, which depend on the totals.
ROUNDS = 4

_new = tuple.__new__


@dataclass(slots=True)
class Foresight:
    """What needs the whole period: each lead's highest-priced action, for "highest only", and volume totals."""

    highest: dict[OfLead, tuple[int, ActionId]] = field(default_factory=dict)  # its price, the action
    totals: Mapping[LineageId, int] = field(default_factory=dict)  # by lineage
    uncertain: AbstractSet[LineageId] = (
        frozenset()
    )  # lineages with a charge that pays for others whatever the caps left of it


def rate_period(
    actions: Iterable[ActionFacts],
    *,
    customer: CustomerFacts,
    rules: Sequence[RuleFacts],
    catalog: Catalog,
    carried: Counters | None = None,
    faults: dict[ActionId, str] | None = None,
    sums: DailySums | None = None,
) -> Iterator[Decision]:
    """Return one decision per action, in the given order, which must be (occurred_at, id).

    `actions` is iterated more than once if a rule needs foresight, so it must be repeatable (a list, not an iterator).
    `carried` holds the counters of earlier periods, or of the part of this one that is already rated; it is updated.
    Otherwise pure: the same inputs give the same decisions, to the last digit. Memory use does not grow with the
    actions, only with the leads that a "once", a "highest only" or a cap per lead must remember.

    An action that can't be priced is added to `faults`, by id and with a message, and stays unrated; without `faults`,
    the error is raised. Each decision is added to `sums`.
    """
    book, counters = RuleBook(rules, customer, catalog), Counters() if carried is None else carried
    rater = Rater(book, customer, catalog, counters, faults)
    rater.foresee(actions)
    if sums is not None:
        return map(rater.adding_up(sums), actions)
    return map(rater.decide if faults is None else rater.decide_or_tell, actions)


def needs_foresight(rules: Iterable[RuleFacts]) -> bool:
    """Return whether any rule needs to see the whole period before it can decide."""
    return any(rule.highest_only or rule.price.needs_total for rule in rules)


class Rater:
    """Decides actions in turn, counting along the way."""

    def __init__(
        self,
        book: RuleBook,
        customer: CustomerFacts,
        catalog: Catalog,
        counters: Counters,
        faults: dict[ActionId, str] | None = None,
    ) -> None:
        self._book, self._customer, self._catalog = book, customer, catalog
        self._counters, self._faults = counters, faults
        self._seen = Foresight()
        self._sums: DailySums
        # Not billable, at some time at least: `exclusion` looks closer.
        self._not_billable = {kind for kind, is_billable in catalog.is_billable.items() if not is_billable}
        self._not_billable |= catalog.is_billable_later.keys()
        self._excludes = excludes_some(customer)
        self._asked = asked_by(book.rules)
        # Most rules: the price depends only on earlier actions of the period.
        self._plain = {rule.id: rule.price.price for rule in book.rules if self._is_plain(rule)}

    def foresee(self, actions: Iterable[ActionFacts]) -> None:
        """Read the period beforehand, if a rule needs it."""
        rules = self._book.rules
        if any(rule.highest_only for rule in rules):
            for action in actions:
                self._consider_or_tell(action)
        volumes = {rule.lineage for rule in rules if rule.price.needs_total}
        if volumes:
            self._foresee_totals(actions, volumes)

    def decide(self, action: ActionFacts) -> Decision:
        """Decide the action, given everything before it.

        Runs once for each of millions of actions, so rare cases are handled elsewhere.
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
        # Positional arguments take half the time of named ones.
        return _new(Decision, (action.id, rule.id, "", amount, full, cuts, quantity_before, value_before, None))

    def _is_plain(self, rule: RuleFacts) -> bool:
        has_budget = self._customer.hard_budget is not None
        return not (has_budget or rule.highest_only or rule.lineage in self._asked or rule.price.needs_total)

    def decide_or_tell(self, action: ActionFacts) -> Decision:
        """The same, but an action that can't be priced stays unrated, and rating continues."""
        try:
            return self.decide(action)
        except Exception as error:
            self._tell(action, error)
            return Decision(action.id, None, "")

    def adding_up(self, sums: DailySums) -> Callable[[ActionFacts], Decision]:
        """How to decide an action and add it to the sums."""
        self._sums = sums
        return self._decide_and_add

    def _decide_and_add(self, action: ActionFacts) -> Decision:
        decision = self.decide_or_tell(action)
        self._sums.add(action, decision)
        return decision

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
            or action.is_disputed
            or self._excludes
            or (action.action_type in self._not_billable and not self._catalog.bills(action))
        ):
            return exclusion(action, self._customer, self._catalog)
        return ""

    def _covered(self, action: ActionFacts, rule: RuleFacts) -> tuple[str, ActionId] | None:
        """Why another action of this lead or person also pays for this one, and which."""
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
        """Remember the action if it is its lead's highest-priced so far; ties go to the earliest.

        Actions paid for by other periods' charges are left out; within the period, this choice comes before "once".
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
        """Find the volume totals: actions that reach pricing count, decided by a second run whose prices are not used.

        Prices matter only if "once" meets a cap: a charge that a cap cut to zero pays for no other, so another action
        counts. Then the totals are those that reproduce themselves. If none do, caps are ignored for this.
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
        """The total of each volume, if its prices are those at the given totals."""
        twin = Rater(self._book, self._customer, self._catalog, self._counters.copy(), self._faults)
        twin._seen = replace(self._seen, totals=totals)
        for action in actions:
            twin.decide_or_tell(action)
        counted = twin._counters.counted
        return {lineage: counted[lineage].quantity for lineage in volumes}
