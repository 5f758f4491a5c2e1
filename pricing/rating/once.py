"""Step 3: once per lead, or per person, within N days of a *charged* one, also if that was in an earlier period."""

from collections.abc import Iterable
from typing import NamedTuple

from pricing.rating.facts import ActionFacts, Id, Instant, RuleFacts

Key = tuple[Id, bool, Id, Id]  # the rule's lineage, per person or per lead, who, the action type


class Paid(NamedTuple):
    """A charge that covers others: when its action occurred, and which it is."""

    at: Instant
    action: Id


def key_of(action: ActionFacts, rule: RuleFacts) -> Key | None:
    """What must be charged once; None where the rule does not ask. A lead of nobody known is a person of its own."""
    if rule.once is None:
        return None
    by_person = rule.once.per_person and bool(action.person)
    return rule.lineage, by_person, action.person if by_person else action.lead, action.action_type


def covering(action: ActionFacts, rule: RuleFacts, paid: Iterable[Paid]) -> Paid | None:
    """The latest charge that pays for this action too, if there is one.

    Within a period all charges are earlier. A late action may also have occurred before a charge of an earlier period:
    within N days of it on that side it is covered as well.
    """
    if rule.once is None:
        return None
    at, within = action.occurred_at, rule.once.within
    latest = None
    for one in paid:
        if (latest is None or one.at > latest.at) and abs(at - one.at) < within:
            latest = one
    return latest
