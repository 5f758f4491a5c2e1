"""A customer's monthly minimum and budget: which amounts are allowed."""

from decimal import Decimal

from billing_engine.core.money import fits, in_words, no_fraction_in_words


def commitment_faults(
    *, currency: str, minimum: Decimal | None, budget: Decimal | None, is_hard: bool
) -> dict[str, str]:
    """Return what is wrong with these amounts, by customer field; empty if nothing is."""
    faults = {
        name: no_fraction_in_words(currency)
        for name, amount in (("monthly_minimum", minimum), ("monthly_budget", budget))
        if amount is not None and not fits(amount, currency)
    }
    if is_hard and budget is None:
        faults["monthly_budget"] = "A hard budget needs an amount."
    elif is_hard and budget is not None and minimum is not None and budget < minimum:
        faults.setdefault(
            "monthly_budget",
            f"A hard budget of {in_words(budget, currency)} is below the monthly minimum of"
            f" {in_words(minimum, currency)}, which is always due. Raise the budget or lower the minimum.",
        )
    return faults
