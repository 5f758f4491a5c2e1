"""Step 4's option: of one lead's actions in a period, only the highest-priced one is charged.

It goes with prices that each action has by itself, whatever came before it in the period. Under an allowance, tiers or
packages "the highest-priced" would depend on what else is charged, and no true sentence could name it.
"""

from pricing.rating.prices import MODELS, Price


def goes_with() -> list[type[Price]]:
    """The models that it goes with."""
    return [model for model in MODELS.values() if model.stands_alone]


def highest_only_misfit(model: type[Price], *free: object) -> str:
    """Why the option does not go with a price of this model and these free parts; "" where it does."""
    if not model.stands_alone:
        other = f"a {model.title.lower()} price"
    elif any(free):
        other = "a free allowance"
    else:
        return ""
    names = " or ".join(each.title.lower().replace(" ", "-") for each in goes_with())
    return f"Highest only can't be combined with {other}: it needs a {names} price without a free part."


def misfit_of(price: Price) -> str:
    """The same, of a price."""
    free = price.allowance
    return highest_only_misfit(type(price), free.actions, free.quantity, free.value)
