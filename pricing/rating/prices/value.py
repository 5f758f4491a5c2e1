"""What prices of money value have in common: the wording of their counting."""

from pricing.rating.prices.model import Case
from pricing.rating.statement import Money, Statement, say


def counted(case: Case) -> Statement:
    """The action's position in the period's value."""
    before, after = case.before.value, case.before.value + (case.value or 0)
    return say(
        "This rule had counted a value of {before} in the period before this action, and {after} with it.",
        before=Money(before),
        after=Money(after),
    )


def without_value(case: Case) -> Statement:
    """Why an action without a value is free."""
    if case.value is None:
        return say("The action came without a value, so it costs nothing.")
    return say("The action came with a value of zero, so it costs nothing.")
