"""What each price model is made of, and what of a rule says nothing under another one."""

from collections.abc import MutableMapping
from typing import Any

from pricing.rating.prices import MODELS, Field, amount_fields

# The columns of every price model; a form shows those of the chosen one.
PARTS = tuple(each.name for each in amount_fields())
# Parts that are a number even where nobody wrote one.
NOTHING_IS_ZERO = tuple(each.name for each in amount_fields() if not (each.is_required or each.may_be_open))
RATES = ("unit_price", "percent")  # of a tier: it has the one or the other


def tiers_of(price_model: str) -> Field | None:
    """The tiers that a price of this model is made of, if any."""
    model = MODELS.get(price_model)
    return model.tiers_field() if model else None


def rate_of(price_model: str) -> str:
    """What the tiers of a price model have: a unit price, or a percent."""
    tiers = tiers_of(price_model)
    return tiers.rate if tiers else "unit_price"


def leave_out_what_says_nothing(given: dict[str, Any], unread: MutableMapping[str, Any]) -> None:
    """Empty the parts of other price models, readable or not, and the days without "once"; what is empty may be zero.

    `unread` has the fields that could not be read, by their names.
    """
    model = MODELS.get(given.get("price_model") or "")
    asked = {each.name for each in model.fields} if model else set(PARTS)
    others = [part for part in PARTS if part not in asked]
    if not given.get("once_per"):
        others.append("once_days")
    for name in others:
        unread.pop(name, None)
        given[name] = None
    for name in NOTHING_IS_ZERO:
        if name not in unread and given.get(name) is None:
            given[name] = 0
