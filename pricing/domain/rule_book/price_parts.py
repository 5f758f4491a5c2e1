"""What each price model is made of, and what of a rule says nothing under another one."""

from collections.abc import MutableMapping
from typing import Any

from pricing.models import PriceRule
from pricing.models.rule import PARTS_OF_A_PRICE

Model = PriceRule.PriceModel

# What else a model's price may have: an allowance, a fee, bounds.
OPTIONS = {
    Model.PER_UNIT: ("free_units",),
    Model.GRADUATED: ("free_units",),
    Model.VOLUME: ("free_units",),
    Model.PACKAGE: ("free_units",),
    Model.PERCENTAGE: ("fixed_fee", "minimum", "maximum", "free_actions", "free_value"),
    Model.GRADUATED_PERCENTAGE: (),
}
ASKED = {model: (*PARTS_OF_A_PRICE[model], *OPTIONS[model]) for model in Model}
PARTS = tuple(dict.fromkeys(part for parts in ASKED.values() for part in parts))
# Parts that are a number even where nobody wrote one.
NOTHING_IS_ZERO = ("free_units", "fixed_fee", "free_actions", "free_value")
TIERED = (Model.GRADUATED, Model.VOLUME, Model.GRADUATED_PERCENTAGE)
RATES = ("unit_price", "percent")  # of a tier: it has the one or the other


def rate_of(price_model: str) -> str:
    """What the tiers of a price model have: a unit price, or a percent."""
    return "percent" if price_model == Model.GRADUATED_PERCENTAGE else "unit_price"


def leave_out_what_says_nothing(given: dict[str, Any], unread: MutableMapping[str, Any]) -> None:
    """Empty the parts of other price models, readable or not, and the days without "once"; what is empty may be zero.

    `unread` has the fields that could not be read, by their names.
    """
    model = given.get("price_model")
    others = [part for part in PARTS if model and part not in ASKED[Model(model)]]
    if not given.get("once_per"):
        others.append("once_days")
    for name in others:
        unread.pop(name, None)
        given[name] = None
    for name in NOTHING_IS_ZERO:
        if name not in unread and given.get(name) is None:
            given[name] = 0
