"""Step 5: caps on a price, in this order. A capped charge keeps its full price and what each cap cut off."""

from pricing.rating.counters import Counters
from pricing.rating.values import ActionFacts, CustomerFacts, Cuts, RuleFacts

PER_LEAD = "per_lead"
PER_PERIOD = "per_period"
BUDGET = "budget"
CAPS = (PER_LEAD, PER_PERIOD, BUDGET)


def capped(
    full: int, action: ActionFacts, rule: RuleFacts, customer: CustomerFacts, counters: Counters
) -> tuple[int, Cuts]:
    """How much of `full` may still be charged, and what each cap cut from the remainder of the previous one."""
    if rule.cap_per_lead is None and rule.cap_per_period is None and customer.hard_budget is None:
        return full, ()
    amount = full
    cuts: Cuts = ()
    limits = (
        (PER_LEAD, rule.cap_per_lead, counters.charged_to_lead(rule, action)),
        (PER_PERIOD, rule.cap_per_period, counters.charged_by_rule(rule)),
        (BUDGET, customer.hard_budget, counters.charged),
    )
    for name, limit, used in limits:
        if limit is None:
            continue
        left = limit - used if limit > used else 0
        if amount > left:
            cuts = (*cuts, (name, amount - left))
            amount = left
    return amount, cuts
