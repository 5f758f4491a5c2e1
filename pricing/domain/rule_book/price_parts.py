"""The fields of each price model, and which fields of a rule another model does not use."""

from collections.abc import MutableMapping
from typing import Any

from pricing.rating.prices import MODELS, Field, amount_fields

# The columns of every price model; a form shows those of the chosen one.
PARTS = tuple(each.name for each in amount_fields())
# Columns that default to zero.
NOTHING_IS_ZERO = tuple(each.name for each in amount_fields() if not (each.is_required or each.may_be_open))
RATES = ("unit_price", "percent")  # of a tier: one or the other


def tiers_of(price_model: str) -> Field | None:
    """The tiers field of this price model, if any."""
    model = MODELS.get(price_model)
    return model.tiers_field() if model else None


def rate_of(price_model: str) -> str:
    """The rate of the model's tiers: a unit price or a percent."""
    tiers = tiers_of(price_model)
    return tiers.rate if tiers else "unit_price"


def leave_out_what_says_nothing(given: dict[str, Any], unread: MutableMapping[str, Any]) -> None:
    """Clear the fields of other price models, and the days without "once".

    `unread` has the fields that could not be read, by name.
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
