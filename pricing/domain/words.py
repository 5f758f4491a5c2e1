"""Prices and scopes in words, for people who know nothing of the code."""

from decimal import Decimal

from billing_engine.core import money
from leads.models import Channel
from pricing.models import PriceRule, PriceTier


def price_in_words(rule: PriceRule) -> str:
    """`$2.50 each`, or `$1.00 each up to 100, then $0.50 each`."""
    if rule.unit_price is not None:
        return f"{money.price_in_words(rule.unit_price, rule.currency)} each"
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return ", then ".join(_tier_in_words(tier, rule.currency) for tier in tiers) or "no price yet"


def scope_in_words(rule: PriceRule) -> list[str]:
    """What the rule fixes, the most specific first; empty where it prices everything."""
    fixed = (
        rule.customer and rule.customer.name,
        rule.product and rule.product.sku,
        rule.category,
        rule.source and rule.source.name,
        rule.channel and Channel(rule.channel).label,
        rule.action_type and rule.action_type.name,
    )
    return [str(part) for part in fixed if part]


def number(quantity: Decimal) -> str:
    """Without the zeros nobody wrote: `3`, `1,250`, `0.5`."""
    whole = quantity == quantity.to_integral_value()
    return f"{int(quantity):,}" if whole else f"{quantity.normalize():,f}"


def tier_name(start: Decimal, up_to: Decimal | None) -> str:
    """Which units a tier holds: `units 1–100`, `units 101 and above`; in fractions `above 2.5 up to 10`."""
    if start != int(start) or (up_to is not None and up_to != int(up_to)):
        return f"above {number(start)}" + ("" if up_to is None else f" up to {number(up_to)}")
    first = number(start + 1)
    return f"units {first} and above" if up_to is None else f"units {first}–{number(up_to)}"


def _tier_in_words(tier: PriceTier, currency: str) -> str:
    fee = f" plus {money.price_in_words(tier.flat_fee, currency)}" if tier.flat_fee else ""
    end = "" if tier.up_to is None else f" up to {number(tier.up_to)}"
    return f"{money.price_in_words(tier.unit_price, currency)} each{end}{fee}"
