"""A rule's terms as durable data: the exact content of its sentence, for rendering it later."""

from typing import Any

from pricing.rating.amounts import Micro
from pricing.rating.prices import MODELS, Given, GivenTier, Kind, Price
from pricing.rating.prices.fields import Field
from pricing.wording.data import exact, in_micro
from pricing.wording.rule import Terms

Data = dict[str, Any]  # JSON


def terms_as_data(terms: Terms) -> Data:
    """All of the terms; numbers as exact strings."""
    return {
        "currency": terms.currency,
        "price": None if terms.price is None else _price_as_data(terms.price),
        "once_days": terms.once_days,
        "once_per_person": terms.once_per_person,
        "highest_only": terms.highest_only,
        "cap_per_lead": _maybe_exact(terms.cap_per_lead),
        "cap_per_period": _maybe_exact(terms.cap_per_period),
    }


def terms_from_data(data: Data) -> Terms:
    """Convert back."""
    price = data["price"]
    amounts = {name: _maybe_micro(data[name]) for name in ("cap_per_lead", "cap_per_period")}
    return Terms(**data | amounts | {"price": None if price is None else _price_from_data(price)})


def _price_as_data(price: Price) -> Data:
    found: Data = {"model": price.code}
    for field in price.fields:
        found[field.name] = _as_data(field, getattr(price, field.name))
    return found


def _as_data(field: Field, value: Any) -> Any:
    if field.kind.is_tiers:
        return [[_maybe_exact(tier.up_to), exact(tier.rate), exact(tier.flat_fee)] for tier in value]
    return value if field.kind is Kind.ACTIONS else _maybe_exact(value)


def _price_from_data(data: Data) -> Price:
    model = MODELS[data["model"]]
    amounts = {each.name: data[each.name] for each in model.fields if each.kind is Kind.ACTIONS}
    amounts |= {
        each.name: _maybe_micro(data[each.name])
        for each in model.fields
        if not each.kind.is_tiers and each.kind is not Kind.ACTIONS
    }
    field = model.tiers_field()
    tiers = data[field.name] if field else []
    return model.of(
        Given(amounts, [GivenTier(_maybe_micro(end), in_micro(rate), in_micro(fee)) for end, rate, fee in tiers])
    )


def _maybe_exact(micro: int | None) -> str | None:
    return None if micro is None else exact(micro)


def _maybe_micro(text: str | None) -> Micro | None:
    return None if text is None else in_micro(text)
