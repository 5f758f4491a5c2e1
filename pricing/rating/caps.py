"""Step 5: what trims a price. A trimmed charge keeps its full price beside what is charged."""

from pricing.rating.facts import Counters, CustomerFacts

BUDGET = "budget"


def capped(full: int, customer: CustomerFacts, counters: Counters) -> tuple[int, str]:
    """What of `full` may still be charged, and the cap that trimmed it ("" where none did)."""
    if customer.hard_budget is None:
        return full, ""
    left = max(0, customer.hard_budget - counters.charged)
    return (left, BUDGET) if full > left else (full, "")
