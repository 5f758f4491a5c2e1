"""Step 3: once per lead, or per person, within N days of a *charged* one, whatever period that was in."""

from collections.abc import Iterable
from typing import NamedTuple

from pricing.rating.instants import Instant
from pricing.rating.limits import Asked
from pricing.rating.prices import Price
from pricing.rating.values import ActionFacts, ActionId, KindId, LeadId, LineageId, RuleFacts

Key = tuple[LineageId, bool, LeadId | str, KindId]  # per person or per lead, who: a lead, or a person


class Paid(NamedTuple):
    """A charge that covers others: when its action occurred, and which it is."""

    at: Instant
    action: ActionId


def key_of(action: ActionFacts, rule: RuleFacts) -> Key | None:
    """What must be charged once; None where the rule does not ask. A lead of nobody known is a person of its own."""
    if rule.once is None:
        return None
    by_person = rule.once.per_person and bool(action.person)
    return rule.lineage, by_person, action.person if by_person else action.lead, action.action_type


def keys_of(lineage: LineageId, asked: Asked, lead: LeadId, person: str, kind: KindId) -> list[Key]:
    """All that a charge may be looked for by, if the rule is, was or becomes once per lead or once per person."""
    found: list[Key] = [(lineage, False, lead, kind)] if asked.once_per_lead or not person else []
    if asked.once_per_person and person:
        found.append((lineage, True, person, kind))
    return found


def pays(price: Price, quantity: int, value: int | None, *, amount: int, full: int) -> bool:
    """Whether a charge covers what comes again: above zero it does.

    So does one of nothing that took of a free allowance, or of a package that is paid. For want of a value or a quantity,
    at a price of zero, or where caps left nothing, nobody has given anything for it.
    """
    if amount or full:
        return amount > 0
    counted = value if price.is_of_value else quantity
    return bool(counted) and price.costs_anything


def covering(action: ActionFacts, rule: RuleFacts, paid: Iterable[Paid]) -> Paid | None:
    """The latest charge that pays for this action too, if there is one.

    Within a period all charges are earlier. An action may also have occurred before a charge of another period, if it is
    late or its period was opened again: within N days of it on that side it is covered as well.
    """
    if rule.once is None:
        return None
    at, within = action.occurred_at, rule.once.within
    latest = None
    for one in paid:
        if (latest is None or one.at > latest.at) and abs(at - one.at) < within:
            latest = one
    return latest
