"""Rate the actions of files: each customer's cycles in order, with the billing function."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from billing_engine.core.calendar.spans import Cycle, months_of
from pricing.files.carried import billed, carry, contracted, timed
from pricing.files.read import RuleSet
from pricing.files.values import Placed, in_zone, midnight
from pricing.rating.amounts import Micro
from pricing.rating.counters import Counters
from pricing.rating.period import rate_period
from pricing.rating.values import ActionFacts, ActionId, Catalog, CustomerFacts, CustomerId, Decision, RuleFacts


class Rated(NamedTuple):
    """An action and its result."""

    action: Placed
    decision: Decision


def rate(rule_set: RuleSet, actions: Iterable[Placed]) -> list[Rated]:
    """One decision per action of all customers, in the order (occurred_at, id as string)."""
    ordered = sorted(actions, key=lambda action: (action.facts.occurred_at, action.facts.id))
    decided: dict[ActionId, Decision] = {}
    for code, cycles in _cycles(ordered).items():
        decided |= _rate_customer(cycles, rule_set, code, catalog_of(rule_set, ordered, customer=code))
    return [Rated(action, decided[action.facts.id]) for action in ordered]


def rules_open_to(rule_set: RuleSet, customer: str) -> list[RuleFacts]:
    """The rules that apply to this customer or to all, in its time zone."""
    zone = rule_set.customer(customer).zone
    return [in_zone(rule, zone) for rule in rule_set.rules if rule.customer in (None, CustomerId(customer))]


def catalog_of(rule_set: RuleSet, actions: Sequence[Placed], *, customer: str) -> Catalog:
    """What the customer's actions say about their products and sources; an unlisted action type is billable."""
    zone = rule_set.customer(customer).zone
    actions = [action for action in actions if action.customer == customer]
    kinds = {action.facts.action_type for action in actions}
    return Catalog(
        products={action.facts.product: action.product for action in actions},
        sources={action.facts.source: action.source for action in actions},
        is_billable={kind: rule_set.is_billable.get(str(kind), True) for kind in kinds},
        is_billable_later={
            kind: [(midnight(day, zone), billable) for day, billable in later]
            for kind in kinds
            if (later := rule_set.is_billable_later.get(str(kind)))
        },
    )


def _cycles(ordered: Iterable[Placed]) -> dict[str, dict[Cycle, list[ActionFacts]]]:
    """Each customer's cycles in order."""
    found = defaultdict[str, dict[Cycle, list[ActionFacts]]](dict)
    for action in ordered:
        found[action.customer].setdefault(action.cycle, []).append(action.facts)
    # What arrived late may come first, although it is billed last.
    return {code: dict(sorted(cycles.items(), key=_begin)) for code, cycles in found.items()}


def _begin(cycle: tuple[Cycle, list[ActionFacts]]) -> date:
    return cycle[0].first


def _rate_customer(
    cycles: dict[Cycle, list[ActionFacts]], rule_set: RuleSet, code: str, catalog: Catalog
) -> dict[ActionId, Decision]:
    decided: dict[ActionId, Decision] = {}
    customer, rules = rule_set.customer(code).facts, rules_open_to(rule_set, code)
    before = Counters()
    for cycle, actions in cycles.items():
        period = rule_set.carried.of(code, cycle)
        # Payments and lead totals carry over between cycles; all other counters start over.
        carried = Counters(by_lead=before.by_lead, paid=before.paid)
        carry(period, carried)
        for decision in rate_period(
            actions,
            customer=contracted(period, _within(cycle, customer)),
            rules=timed(period, rules),
            catalog=billed(period, catalog),
            carried=carried,
        ):
            decided[decision.action] = decision
        before = carried
    return decided


def _within(cycle: Cycle, customer: CustomerFacts) -> CustomerFacts:
    """The customer with its prorated monthly budget."""
    if customer.hard_budget is None:
        return customer
    return replace(customer, hard_budget=Micro(int(customer.hard_budget * months_of(cycle.first, cycle.next().first))))
