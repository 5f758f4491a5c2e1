"""Rate one period with drafts and compare with the current charges; only sums and the largest changes are kept."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heappush, heappushpop
from itertools import islice
from typing import NamedTuple

from django.db import connection

from leads.models import BillingPeriod, CustomerTerms
from pricing.domain.rate.actions import START, StoredActions, number_of
from pricing.domain.rate.books import book_of
from pricing.domain.rate.carry_over import carried_over
from pricing.domain.rate.inputs import period_facts
from pricing.rating.counters import Counters
from pricing.rating.once import Key, Paid
from pricing.rating.period import rate_period
from pricing.rating.values import ActionFacts, ActionId, Decision, KindId, LeadId, LineageId, RuleFacts, RuleId

AT_A_TIME = 10_000
MOVES_KEPT = 50  # of each kind, per period

NOW = """
    SELECT action_id, rule_id, reason, amount * 1000000 FROM pricing_charge WHERE action_id = ANY(%s)
"""

Outcome = tuple[RuleId | None, str, int]  # the rule, the reason for an exclusion, the amount
Group = tuple[RuleId | None, KindId]  # the rule, the action type
UNPRICED: Outcome = (None, "", 0)


class Stopped(Exception):
    """The simulation was stopped."""


class Move(NamedTuple):
    """An action whose outcome differs; the larger change is the greater tuple, ties go to the earlier action."""

    size: int
    minus_action: int
    now: Outcome
    then: Outcome


class Sum:
    """The sums of a group of actions."""

    __slots__ = ("amount", "charges", "excluded", "unrated")

    def __init__(self) -> None:
        self.charges = self.amount = self.excluded = self.unrated = 0

    def count(self, outcome: Outcome, times: int = 1) -> None:
        rule, reason, amount = outcome
        if reason:
            self.excluded += times
        elif rule is None:
            self.unrated += times
        else:
            self.charges += times
            self.amount += amount * times


class Newly:
    """How many actions of a group are newly charged, excluded or unrated with the drafts."""

    __slots__ = ("charged", "excluded", "unrated")

    def __init__(self) -> None:
        self.charged = self.excluded = self.unrated = 0


class Comparison:
    """Sums now and with the drafts, by rule and action type."""

    def __init__(self) -> None:
        self.actions = 0
        self.then: defaultdict[Group, Sum] = defaultdict(Sum)
        self._moved: defaultdict[Group, Sum] = defaultdict(Sum)  # the difference of now minus then
        self.newly: defaultdict[Group, Newly] = defaultdict(Newly)
        self.moves: dict[str, list[Move]] = {"amount": [], "unrated": [], "excluded": []}

    @property
    def groups(self) -> set[Group]:
        return self.then.keys() | self._moved.keys() | self.newly.keys()

    def now(self, group: Group) -> Sum:
        """The current sums: those with the drafts, minus what moved in, plus what moved away."""
        then, moved, now = self.then[group], self._moved[group], Sum()
        for name in Sum.__slots__:
            setattr(now, name, getattr(then, name) + getattr(moved, name))
        return now

    def add(self, actions: Iterable[ActionFacts], decisions: list[Decision]) -> None:
        """Count decisions and, where they differ, the stored ones."""
        stored = _stored([decision.action for decision in decisions])
        then, was = self.then, stored.get
        for action, decision in zip(actions, decisions, strict=True):
            outcome = decision[1:4]
            rule, reason, amount = outcome
            group = then[rule, action.action_type]
            if rule is not None and not reason:  # most are charged, and end here unchanged
                group.charges += 1
                group.amount += amount
            else:
                group.count(outcome)
            before = was(decision.action, UNPRICED)
            if outcome != before:
                self._differs(action, before, outcome)
        self.actions += len(decisions)

    def _differs(self, action: ActionFacts, now: Outcome, then: Outcome) -> None:
        kind = action.action_type
        self._moved[now[0], kind].count(now)
        self._moved[then[0], kind].count(then, -1)
        was, becomes = _state(now), _state(then)
        if now[2] != then[2]:
            self._keep("amount", Move(abs(then[2] - now[2]), -number_of(action.id), now, then))
        if was == becomes:
            return
        newly = self.newly[now[0] if becomes != "charged" else then[0], kind]
        setattr(newly, becomes, getattr(newly, becomes) + 1)
        if becomes != "charged":
            self._keep(becomes, Move(abs(then[2] - now[2]), -number_of(action.id), now, then))

    def _keep(self, kind: str, move: Move) -> None:
        kept = self.moves[kind]
        if len(kept) < MOVES_KEPT:
            heappush(kept, move)
        elif move > kept[0]:
            heappushpop(kept, move)


class Carry:
    """What simulated periods carry over to later ones, instead of their stored charges."""

    def __init__(self) -> None:
        self._done = list[int]()
        self._paid = defaultdict[Key, list[Paid]](list)
        self._stored_paid = dict[Key, set[Paid]]()
        self._by_lead = dict[tuple[LineageId, LeadId], int]()
        self._stored_by_lead = dict[tuple[LineageId, LeadId], int]()

    def begin(self, period: BillingPeriod, rules: list[RuleFacts]) -> Counters:
        """Like `carried_over`, with the simulated counters of simulated periods."""
        counters = carried_over([period], {period.customer_id: rules}, without=self._done)[period.pk]
        self._stored_by_lead = dict(counters.by_lead)
        self._stored_paid = {key: set(ones) for key, ones in counters.paid.items()}
        for key, ones in self._paid.items():
            counters.paid[key] = sorted([*counters.paid[key], *ones])
        for lead, amount in self._by_lead.items():
            counters.by_lead[lead] += amount
        return counters

    def end(self, period: BillingPeriod, counters: Counters) -> None:
        """Store the period's counters after its rating."""
        self._done.append(period.pk)
        # The stored charges of earlier and later closed periods are read again for the next period.
        for key, ones in counters.paid.items():
            known = self._stored_paid.get(key, set()).union(self._paid.get(key, ()))
            self._paid[key] += [one for one in ones if one not in known]
        stored = self._stored_by_lead
        self._by_lead = {lead: amount - stored.get(lead, 0) for lead, amount in counters.by_lead.items()}


class _Watched(Iterable[ActionFacts]):
    """Actions that stream by, keeping the latest of them; iterating again starts over."""

    def __init__(self, actions: Iterable[ActionFacts]) -> None:
        self._actions = actions
        self.latest: deque[ActionFacts] = deque(maxlen=AT_A_TIME)

    def __iter__(self) -> Iterator[ActionFacts]:
        see = self.latest.append
        for action in self._actions:
            see(action)
            yield action


def compare(
    period: BillingPeriod,
    rules: list[RuleFacts],
    carry: Carry,
    *,
    terms: CustomerTerms | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Comparison:
    """Rate the period with these rules, and these terms or its own, and compare; raises Stopped.

    Runs inside a transaction, writes nothing.
    """
    counters = carry.begin(period, rules)
    actions = _Watched(StoredActions({period.pk: START}))
    decisions = rate_period(
        actions,
        customer=period_facts(period, terms),
        rules=rules,
        catalog=book_of(period.customer).catalog,
        carried=counters,
        faults={},  # actions that can't be priced count as unrated
    )
    comparison = Comparison()
    while batch := list(islice(decisions, AT_A_TIME)):
        seen = actions.latest
        comparison.add(islice(seen, len(seen) - len(batch), None), batch)
        if not may_go_on():
            raise Stopped
    carry.end(period, counters)
    return comparison


def _stored(actions: list[ActionId]) -> dict[ActionId, Outcome]:
    with connection.cursor() as cursor:
        cursor.execute(NOW, [actions])
        return {action: (rule, reason, int(amount)) for action, rule, reason, amount in cursor.fetchall()}


def _state(outcome: Outcome) -> str:
    rule, reason, _ = outcome
    if reason:
        return "excluded"
    return "unrated" if rule is None else "charged"
