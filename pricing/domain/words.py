"""Prices and scopes in words, for people who know nothing of the code."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from billing_engine.core import money
from leads.models import Channel
from pricing.models import PriceRule, PriceTier


def price_in_words(rule: PriceRule) -> str:
    """The whole price: `$2.50 each, the first 10 free, at most $25.00 per lead`."""
    return ", ".join([model_in_words(rule), *limits_in_words(rule)])


def model_in_words(rule: PriceRule) -> str:
    """`$2.50 each`, `$1.00 each up to 100, then $0.50 each`, `1.3 % of the value plus $0.10`."""
    return _WORDS[PriceRule.PriceModel(rule.price_model)](rule)


def limits_in_words(rule: PriceRule) -> list[str]:
    """What is free, what is charged once, what is the most: `once per lead in 30 days`, `at most $25.00 per lead`."""
    return list(_limits(rule))


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
    return money.number_in_words(quantity)


def tier_name(start: Decimal, up_to: Decimal | None) -> str:
    """Which units a tier holds: `units 1–100`, `units 101 and above`; in fractions `above 2.5 up to 10`."""
    if start != int(start) or (up_to is not None and up_to != int(up_to)):
        return f"above {number(start)}" + ("" if up_to is None else f" up to {number(up_to)}")
    first = number(start + 1)
    return f"units {first} and above" if up_to is None else f"units {first}–{number(up_to)}"


def value_tier_name(start: Decimal, up_to: Decimal | None, currency: str) -> str:
    """The same for tiers of value: `value up to $1,000.00`, `value above $1,000.00`."""
    above = f" above {money.price_in_words(start, currency)}" if start else ""
    end = "" if up_to is None else f" up to {money.price_in_words(up_to, currency)}"
    return f"value{above}{end}" if above or end else "all value"


def percent_in_words(percent: Decimal) -> str:
    """`1.3 %`."""
    return f"{number(percent)} %"


def days_in_words(days: int) -> str:
    """`1 day`, `30 days`."""
    return "1 day" if days == 1 else f"{days:,} days"


def _amount(rule: PriceRule, amount: Decimal | None) -> str:
    return "no price yet" if amount is None else money.price_in_words(amount, rule.currency)


def _tiered(rule: PriceRule) -> str:
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return ", then ".join(_tier_in_words(tier, rule.currency) for tier in tiers) or "no price yet"


def _tier_in_words(tier: PriceTier, currency: str) -> str:
    fee = f" plus {money.price_in_words(tier.flat_fee, currency)}" if tier.flat_fee else ""
    if tier.percent is not None:
        end = "" if tier.up_to is None else f" up to {money.price_in_words(tier.up_to, currency)}"
        return f"{percent_in_words(tier.percent)} of the value{fee}{end}"
    end = "" if tier.up_to is None else f" up to {number(tier.up_to)}"
    return f"{money.price_in_words(tier.unit_price or money.ZERO, currency)} each{fee}{end}"


def _percentage(rule: PriceRule) -> str:
    words = "no price yet" if rule.percent is None else f"{percent_in_words(rule.percent)} of the value"
    if rule.fixed_fee:
        words += f" plus {_amount(rule, rule.fixed_fee)}"
    bounds = (("at least", rule.minimum), ("at most", rule.maximum))
    given = [f"{name} {_amount(rule, bound)}" for name, bound in bounds if bound is not None]
    return f"{words}, {' and '.join(given)} an action" if given else words


def _package(rule: PriceRule) -> str:
    size = "?" if rule.package_size is None else number(rule.package_size)
    return f"{_amount(rule, rule.package_price)} per begun package of {size}"


def _limits(rule: PriceRule) -> Iterator[str]:
    if rule.free_units:
        yield f"the first {number(rule.free_units)} free"
    if rule.free_actions:
        yield f"the first {rule.free_actions:,} actions free"
    if rule.free_value:
        yield f"the first {_amount(rule, rule.free_value)} of value free"
    if rule.once_days:
        yield f"once {rule.get_once_per_display()} in {days_in_words(rule.once_days)}"
    if rule.highest_only:
        yield "only a lead's dearest action"
    if rule.cap_per_lead is not None:
        yield f"at most {_amount(rule, rule.cap_per_lead)} per lead"
    if rule.cap_per_period is not None:
        yield f"at most {_amount(rule, rule.cap_per_period)} per period"


_WORDS: dict[PriceRule.PriceModel, Callable[[PriceRule], str]] = {
    PriceRule.PriceModel.PER_UNIT: lambda rule: f"{_amount(rule, rule.unit_price)} each",
    PriceRule.PriceModel.GRADUATED: _tiered,
    PriceRule.PriceModel.VOLUME: lambda rule: f"by the period's volume: {_tiered(rule)}",
    PriceRule.PriceModel.PACKAGE: _package,
    PriceRule.PriceModel.PERCENTAGE: _percentage,
    PriceRule.PriceModel.GRADUATED_PERCENTAGE: _tiered,
}
