"""Two thousand rules of mixed models: ten per customer, minus twenty that are open to all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from leads.models import ActionType, Channel, Customer, Product, Source
from pricing.models import PriceRule, PriceTier

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# The action types, and their frequency; a site visit is not billable, a call is not priced on every channel.
KINDS = {
    "sample_order": 30,
    "page_view": 30,
    "brochure_download": 15,
    "quote_request": 10,
    "purchase": 10,
    "call": 3,
    "site_visit": 2,
}

Terms = dict[str, Any]  # the columns of a rule; "tiers" are separate rows

PER_TEN: Terms = {"price_model": "package", "unit_price": None, "package_size": 10, "package_price": 5}
PERCENTAGE: Terms = {"price_model": "percentage", "unit_price": None, "percent": "1.3", "fixed_fee": "0.10"}
GRADUATED: Terms = {"price_model": "graduated", "unit_price": None}
VOLUME: Terms = {"price_model": "volume", "unit_price": None}
OF_VALUE: Terms = {"price_model": "graduated_percentage", "unit_price": None}


def write_rules(
    customers: list[Customer],
    products: list[Product],
    sources: list[Source],
    kinds: dict[str, ActionType],
    *,
    first_place: int,
) -> None:
    """These customers' rules with their tiers, saved as drafts, then activated; the open ones with the first call."""
    terms = [] if PriceRule.objects.exists() else list(_open_to_all(kinds))
    for place, customer in enumerate(customers, first_place):
        own = [product for product in products if product.customer_id == customer.pk]
        ten = _of(place, own, sources, kinds)
        terms += [{"customer": customer, **one} for one in (ten[:9] if place >= 180 else ten)]
    tiers = [one.pop("tiers", ()) for one in terms]
    rules = PriceRule.objects.bulk_create(
        PriceRule(name=f"Rule {n}", wall_from=LONG_AGO.replace(tzinfo=None), **({"unit_price": "2.50"} | one))
        for n, one in enumerate(terms)
    )
    PriceTier.objects.bulk_create(
        PriceTier(rule=rule, **tier) for rule, each in zip(rules, tiers, strict=True) for tier in each
    )
    PriceRule.objects.filter(pk__in=[rule.pk for rule in rules]).update(state="active", activated_at=LONG_AGO)


def _of(place: int, own: list[Product], sources: list[Source], kinds: dict[str, ActionType]) -> list[Terms]:
    order, view, brochure = kinds["sample_order"], kinds["page_view"], kinds["brochure_download"]
    return [
        {"action_type": order, "free_units": 10},
        {"action_type": view, **GRADUATED, "tiers": _tiers("unit_price", ("0.25", 0), ("0.2", 0), ("0.1", 5))},
        {"action_type": brochure, **PER_TEN},
        {"action_type": kinds["quote_request"], **PERCENTAGE, "minimum": "0.2", "maximum": 9, "free_actions": 5},
        {"action_type": kinds["purchase"], **OF_VALUE, "tiers": _tiers("percent", (2, 0), ("1.5", 0), (1, 10))},
        {"action_type": order, "product": own[0], "unit_price": 3, "once_per": "lead", "once_days": 30},
        {"action_type": view, "source": sources[0], "unit_price": "0.4", "once_per": "person", "once_days": 7},
        {"action_type": brochure, "channel": Channel.SOCIAL_MEDIA, "unit_price": "0.3", "cap_per_period": 500},
        {
            "action_type": view,
            "category": "tiles",
            "cap_per_lead": 2,
            **GRADUATED,
            "tiers": _tiers("unit_price", (1, 0), ("0.5", 20), ("0.25", 0)),
        },
        {"action_type": order, "category": "wood", **_special(place)},
    ]


def _special(place: int) -> Terms:
    """Rules that need foresight, at one customer in twenty each; packages at the others."""
    match place % 20:
        case 0:
            return {**VOLUME, "tiers": _tiers("unit_price", (3, 0), (2, 10), ("1.5", 0))}
        case 10:
            return {"highest_only": True}
    return {**PER_TEN, "free_units": 25}


def _open_to_all(kinds: dict[str, ActionType]) -> Iterator[Terms]:
    for channel in Channel.values[:10]:
        yield {"action_type": kinds["call"], "channel": channel, "unit_price": 8}
        yield {"action_type": kinds["page_view"], "channel": channel, "unit_price": "0.5"}


def _tiers(rate: str, *steps: tuple[int | str, int]) -> list[Terms]:
    ends = (100, 1_000, None)
    return [
        {"up_to": end, rate: Decimal(price), "flat_fee": fee} for end, (price, fee) in zip(ends, steps, strict=True)
    ]
