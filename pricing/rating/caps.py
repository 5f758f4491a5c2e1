"""Step 5: what trims a price, in this order. A trimmed charge keeps its full price beside what is charged."""

from pricing.rating.counters import Counters
from pricing.rating.facts import ActionFacts, CustomerFacts, RuleFacts

PER_LEAD = "per_lead"
PER_PERIOD = "per_period"
BUDGET = "budget"


def capped(
    full: int, action: ActionFacts, rule: RuleFacts, customer: CustomerFacts, counters: Counters
) -> tuple[int, str]:
    """What of `full` may still be charged, and the last cap that trimmed it ("" where none did)."""
    if rule.cap_per_lead is None and rule.cap_per_period is None and customer.hard_budget is None:
        return full, ""
    amount, cap = full, ""
    limits = (
        (PER_LEAD, rule.cap_per_lead, counters.charged_to_lead(rule, action)),
        (PER_PERIOD, rule.cap_per_period, counters.charged_by_rule(rule)),
        (BUDGET, customer.hard_budget, counters.charged),
    )
    for name, limit, used in limits:
        if limit is not None and amount > max(0, limit - used):
            amount, cap = max(0, limit - used), name
    return amount, cap
