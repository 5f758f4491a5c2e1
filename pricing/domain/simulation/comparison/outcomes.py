"""The current outcomes of a period's actions compared with those by drafts: sums, and the largest changes."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from typing import NamedTuple

from pricing.domain.rate.actions import number_of
from pricing.domain.simulation.comparison.charged_actions import Current, Outcome
from pricing.rating.values import ActionId, Decision, KindId, RuleId

MOVES_KEPT = 50  # of each kind, per period

Group = tuple[RuleId | None, KindId]  # the rule, the action type
# The action type, and the rule and the reason for an exclusion, now and with the drafts.
Change = tuple[KindId, RuleId | None, str, RuleId | None, str]


class Move(NamedTuple):
    """An action whose outcome differs; the larger change is the greater tuple, ties go to the earlier action."""

    size: int
    minus_action: int
    now: Outcome
    then: Outcome


@dataclass(slots=True)
class Sum:
    """The sums of a group of actions."""

    charges: int = 0
    amount: int = 0
    excluded: int = 0
    unrated: int = 0

    def count(self, rule: RuleId | None, reason: str, times: int, amount: int) -> None:
        """Count actions of one outcome, with their amount together."""
        if reason:
            self.excluded += times
        elif rule is None:
            self.unrated += times
        else:
            self.charges += times
            self.amount += amount


@dataclass(slots=True)
class Sums:
    """A group's sums now and with the drafts, and how many of its actions are newly charged, excluded or unrated."""

    now: Sum = field(default_factory=Sum)
    then: Sum = field(default_factory=Sum)
    newly_charged: int = 0
    newly_excluded: int = 0
    newly_unrated: int = 0


class Comparison:
    """What a period's actions cost now and with the drafts, by rule and action type."""

    def __init__(self) -> None:
        self.actions = 0
        self.moves: dict[str, list[Move]] = {"amount": [], "unrated": [], "excluded": []}
        # Few changes have many actions: their number, and the amounts now and then. The groups follow from them.
        self._changes: defaultdict[Change, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, current: deque[Current], decisions: list[Decision]) -> None:
        """Count decisions and the current outcomes of the same actions, which are taken."""
        changes, take = self._changes, current.popleft
        for decision in decisions:
            kind, was_rule, was_reason, was = take()
            rule, reason, amount = decision[1:4]
            counted = changes[kind, was_rule, was_reason, rule, reason]
            counted[0] += 1
            counted[1] += was
            counted[2] += amount
            if amount != was or reason != was_reason or rule != was_rule:
                self._differs(decision[0], (was_rule, was_reason, was), (rule, reason, amount))
        self.actions += len(decisions)

    def sums(self) -> dict[Group, Sums]:
        """The sums of each rule and action type."""
        found = defaultdict[Group, Sums](Sums)
        for (kind, was_rule, was_reason, rule, reason), (times, was, amount) in self._changes.items():
            found[was_rule, kind].now.count(was_rule, was_reason, times, was)
            found[rule, kind].then.count(rule, reason, times, amount)
            state = _state(rule, reason)
            if state == _state(was_rule, was_reason):
                continue
            if state == "charged":
                found[rule, kind].newly_charged += times
            elif state == "excluded":
                found[was_rule, kind].newly_excluded += times
            else:
                found[was_rule, kind].newly_unrated += times
        return dict(found)

    def amounts(self) -> tuple[int, int]:
        """The amount of all charges now, and with the drafts."""
        sums = self.sums().values()
        return sum(each.now.amount for each in sums), sum(each.then.amount for each in sums)

    def _differs(self, action: ActionId, now: Outcome, then: Outcome) -> None:
        size = abs(then[2] - now[2])
        if size:
            self._consider("amount", size, action, now, then)
        state = _state(then[0], then[1])
        if state not in ("charged", _state(now[0], now[1])):
            self._consider(state, size, action, now, then)

    def _consider(self, kind: str, size: int, action: ActionId, now: Outcome, then: Outcome) -> None:
        kept, place = self.moves[kind], -number_of(action)
        if len(kept) < MOVES_KEPT:
            heappush(kept, Move(size, place, now, then))
        elif (size, place) > kept[0][:2]:
            heapreplace(kept, Move(size, place, now, then))


def _state(rule: RuleId | None, reason: str) -> str:
    if reason:
        return "excluded"
    return "unrated" if rule is None else "charged"
