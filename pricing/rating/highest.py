"""Step 4's option: charge only the highest-priced of a lead's actions in a period.

It requires prices that do not depend on earlier actions of the period. With an allowance, tiers or packages, "the
highest-priced" would depend on what else is charged, and no sentence about it would be true.
"""

from pricing.rating.prices import MODELS, Price


def goes_with() -> list[type[Price]]:
    """The price models that the option works with."""
    return [model for model in MODELS.values() if model.stands_alone]


def highest_only_conflict(model: type[Price], *free: object) -> str:
    """Why the option does not work with this model and these free parts; "" if it does."""
    if not model.stands_alone:
        other = f"a {model.title.lower()} price"
    elif any(free):
        other = "a free allowance"
    else:
        return ""
    names = " or ".join(each.title.lower().replace(" ", "-") for each in goes_with())
    return f"Highest only can't be combined with {other}. It needs a {names} price without an allowance."


def conflict_of(price: Price) -> str:
    """The same for a price."""
    free = price.allowance
    return highest_only_conflict(type(price), free.actions, free.quantity, free.value)
