"""Explain each action's price, as data and in words, next to its decision."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.calendar.wall_clock import written as written_clock
from pricing.files import wording
from pricing.files.rate import Rated, catalog_of, rules_open_to
from pricing.files.read import RuleSet
from pricing.files.values import written
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST
from pricing.rating.instants import instant, wall_clock
from pricing.rating.match import DIMENSIONS, RuleBook
from pricing.rating.prices import Case, Counted, Price, TierPart
from pricing.rating.values import ActionFacts, ActionId, LineageId, RuleFacts, RuleId
from pricing.wording.price import steps

OfPeriod = tuple[str, Cycle, LineageId | None]  # a customer, its cycle and a rule with its revisions


class Winner(Struct):
    """The rule that decided, and why."""

    id: str
    scope: dict[str, str]
    priority: int
    effective_from: str
    effective_to: str | None


class Loser(Struct):
    """A rule that also matches the action, and the dimension it lost on."""

    rule: str
    lost_on: str


class Part(Struct):
    """A part of the action that fell into one tier, or one part of another price, and its amount; parts add up to the price.

    `kind` is `free`, `tier`, `paid` (units, started packages, or the value of which a percentage is taken),
    `fixed_fee`, `to_minimum` or `to_maximum`. Tiers are counted from 1.
    """

    kind: str
    tier: int | None
    counted: str
    amount: str


class Cut(Struct):
    """What a cap cut from the full amount."""

    cap: str
    amount: str


class Explanation(Struct):
    """Everything behind the amount; what does not apply to an outcome is null or empty."""

    rule: Winner | None
    also_matched: list[Loser]
    quantity_before: str | None
    quantity_after: str | None
    value_before: str | None
    value_after: str | None
    parts: list[Part]
    duplicates: str | None
    highest: str | None
    cuts: list[Cut]
    words: list[str]


class Explainer:
    """Explains the decisions of one rating."""

    def __init__(self, rule_set: RuleSet, rated: list[Rated]) -> None:
        actions = [each.action for each in rated]
        self._rules = {rule.id: rule for rule in rule_set.rules}
        self._books = {
            code: RuleBook(
                rules_open_to(rule_set, code),
                rule_set.customer(code).facts,
                catalog_of(rule_set, actions, customer=code),
            )
            for code in {each.action.customer for each in rated}
        }
        self._counts = Counts(rated, self._rules)
        self._decided = {each.decision.action: each.decision for each in rated}

    def explain(self, rated: Rated) -> Explanation:
        """Explain this decision."""
        action, decision = rated.action.facts, rated.decision
        book = self._books[rated.action.customer]
        if decision.rule is None:
            return _without_rule(
                [wording.of_exclusion(decision, None, {})] if decision.reason else _unrated(book, action)
            )
        rule = self._rules[decision.rule]
        others = [self._rules[other.id] for other in book.matching(action) if other.id != rule.id]
        case = self._case(rated)
        before = case.before
        quantity, value = (0, 0) if decision.reason else (action.quantity, action.value or 0)
        return Explanation(
            rule=_winner(rule),
            also_matched=[Loser(str(other.id), DIMENSIONS[wording.lost_on(other, rule)]) for other in others],
            quantity_before=written(before.quantity),
            quantity_after=written(before.quantity + quantity),
            value_before=written(before.value),
            value_after=written(before.value + value),
            parts=[] if decision.reason else list(_parts(rule.price, case)),
            duplicates=str(decision.paid_by) if decision.reason == ALREADY_CHARGED else None,
            highest=str(decision.paid_by) if decision.reason == NOT_HIGHEST else None,
            cuts=[Cut(cap, written(cut)) for cap, cut in decision.cuts],
            words=self._sentences(rated, rule, case, others),
        )

    def _case(self, rated: Rated) -> Case:
        action, before, total = rated.action.facts, self._counts.before(rated), self._counts.total(rated)
        return Case(before, action.quantity, action.value, total, rated.decision.full_amount)

    def _sentences(self, rated: Rated, rule: RuleFacts, case: Case, others: Iterable[RuleFacts]) -> list[str]:
        decision = rated.decision
        found = [wording.of_rule(rule)]
        found += [wording.of_loser(other, rule, DIMENSIONS[wording.lost_on(other, rule)]) for other in others]
        if decision.reason:
            return [*found, wording.of_exclusion(decision, rule, self._decided)]
        return [*found, *steps(rule.price, case, rule.currency), *wording.of_cuts(decision, rule)]


class Counts:
    """What the decisions don't contain: how many actions a rule had charged before, and its period's total."""

    def __init__(self, rated: list[Rated], rules: Mapping[RuleId, RuleFacts]) -> None:
        self._rules = rules
        self._actions: dict[ActionId, int] = {}
        self._totals: defaultdict[OfPeriod, int] = defaultdict(int)
        charged: defaultdict[OfPeriod, int] = defaultdict(int)
        for each in rated:
            key = self._key(each)
            self._actions[each.decision.action] = charged[key]
            if not each.decision.reason:
                charged[key] += 1
                self._totals[key] += each.action.facts.quantity

    def before(self, rated: Rated) -> Counted:
        """What the rule had counted in the period before this action."""
        decision = rated.decision
        return Counted(self._actions[decision.action], decision.counted_before, decision.value_before)

    def total(self, rated: Rated) -> int:
        """The units the rule counts in the whole period."""
        return self._totals[self._key(rated)]

    def _key(self, rated: Rated) -> OfPeriod:
        rule = rated.decision.rule
        return rated.action.customer, rated.action.cycle, None if rule is None else self._rules[rule].lineage


def _without_rule(sentences: list[str]) -> Explanation:
    return Explanation(None, [], None, None, None, None, [], None, None, [], sentences)


def _unrated(book: RuleBook, action: ActionFacts) -> list[str]:
    asleep = [
        f"Rule {rule.id} has a matching scope, but is not effective at {instant(action.occurred_at).isoformat()}."
        for rule in book.candidates(action)
    ]
    return ["No rule matches this action. It stays unrated until a rule does.", *asleep]


def _winner(rule: RuleFacts) -> Winner:
    end = rule.effective_to
    return Winner(
        id=str(rule.id),
        scope=wording.scope(rule),
        priority=rule.priority,
        effective_from=written_clock(wall_clock(rule.effective_from)),
        effective_to=None if end is None else written_clock(wall_clock(end)),
    )


def _parts(price: Price, case: Case) -> Iterator[Part]:
    for part in price.parts(case.before, case.quantity, case.value, total=case.total):
        yield _part(part, price.kind_of(part.tier))


def _part(part: TierPart, kind: str) -> Part:
    return Part(kind, part.tier if kind == "tier" else None, written(part.counted), written(part.amount))
