"""Step 4's option: of one lead's actions in a period, only the highest-priced one is charged.

It goes with prices that each action has by itself, whatever came before it in the period. Under an allowance, tiers or
packages "the highest-priced" would depend on what else is charged, and no true sentence could name it.
"""

from pricing.rating.prices import MICRO, GraduatedPercentage, Package, Percentage, PerUnit, Price, Volume

GOES_WITH = ("per_unit", "percentage")


def highest_only_misfit(model: str, *free: object) -> str:
    """Why the option does not go with a price of this model and these free parts; "" where it does."""
    if model not in GOES_WITH:
        other = f"a {model.replace('_', ' ')} price"
    elif any(free):
        other = "a free allowance"
    else:
        return ""
    return f"Highest only can't be combined with {other}: it needs a per-unit or percentage price without a free part."


def misfit_of(price: Price) -> str:
    """The same, of a price as rating knows it."""
    match price:
        case PerUnit():
            return highest_only_misfit("per_unit", price.free_units)
        case Percentage():
            return highest_only_misfit("percentage", price.free_actions, price.free_value)
        case Volume():
            return highest_only_misfit("volume")
        case Package():
            return highest_only_misfit("package")
        case GraduatedPercentage():
            return highest_only_misfit("graduated_percentage")
    return highest_only_misfit("graduated")


def worth(price: Price, quantity: int, value: int | None) -> int:
    """What the action's price is compared by, in millionths of micro-units: exact, wherever in the period it stands."""
    if isinstance(price, PerUnit):
        return quantity * price.unit_price
    assert isinstance(price, Percentage), misfit_of(price)  # noqa: S101 -- no rule has the option beside another price
    return price.of_value(value) * MICRO
