"""Step 3: once per lead or person within N days of a *charged* action, in any period."""

from collections.abc import Iterable
from typing import NamedTuple

from pricing.rating.instants import Instant
from pricing.rating.limits import Asked
from pricing.rating.prices import Price
from pricing.rating.values import ActionFacts, ActionId, KindId, LeadId, LineageId, RuleFacts

Key = tuple[LineageId, bool, LeadId | str, KindId]  # per person or per lead, and its id


class Paid(NamedTuple):
    """A charge that covers others: when its action occurred, and its id."""

    at: Instant
    action: ActionId


def key_of(action: ActionFacts, rule: RuleFacts) -> Key | None:
    """The key to charge once by; None if the rule has no such limit. A lead of an unknown person counts as its own person."""
    if rule.once is None:
        return None
    by_person = rule.once.per_person and bool(action.person)
    return rule.lineage, by_person, action.person if by_person else action.lead, action.action_type


def keys_of(lineage: LineageId, asked: Asked, lead: LeadId, person: str, kind: KindId) -> list[Key]:
    """All keys a charge may be looked up by, if any revision of the rule is once per lead or per person."""
    found: list[Key] = [(lineage, False, lead, kind)] if asked.once_per_lead or not person else []
    if asked.once_per_person and person:
        found.append((lineage, True, person, kind))
    return found


def pays(price: Price, quantity: int, value: int | None, *, amount: int, full: int) -> bool:
    """Return whether a charge covers repeats: it does if it is above zero.

    A zero charge also does if it used a free allowance or an already paid package. It does not if the value, quantity
    or price was zero or caps left nothing, because then nothing was paid.
    """
    if amount or full:
        return amount > 0
    counted = value if price.is_of_value else quantity
    return bool(counted) and price.costs_anything


def covering(action: ActionFacts, rule: RuleFacts, paid: Iterable[Paid]) -> Paid | None:
    """The latest charge that also pays for this action, if any.

    Within a period, all charges are earlier. If an action is late or its period was reopened, it may precede a charge
    of another period; within N days before it, it is covered as well.
    """
    if rule.once is None:
        return None
    at, within = action.occurred_at, rule.once.within
    latest = None
    for one in paid:
        if (latest is None or one.at > latest.at) and abs(at - one.at) < within:
            latest = one
    return latest
