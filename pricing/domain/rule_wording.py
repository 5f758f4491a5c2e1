"""Put stored price rules into words with `pricing.wording`, and their scopes by name."""

from decimal import Decimal

from leads.models import Channel
from pricing.domain.rate.inputs import maybe_micro, micro, price_facts
from pricing.models import PriceRule
from pricing.rating.prices import Price
from pricing.wording import numbers
from pricing.wording.rule import Terms, limits_of, price_of, sentence

LONGEST_NAME = 200


def price_in_words(rule: PriceRule) -> str:
    """The whole sentence: `$2.50 each, the first 10 units of a period free, at most $25.00 per lead over all periods`."""
    return sentence(terms_of(rule))


def model_in_words(rule: PriceRule) -> str:
    """What it charges: `$2.50 each`, `1.3% of an action's value plus $0.10, nothing without a value`."""
    return price_of(terms_of(rule))


def limits_in_words(rule: PriceRule) -> list[str]:
    """The rule's allowances and limits: `once per lead and action type in 30 days`."""
    return limits_of(terms_of(rule))


def terms_of(rule: PriceRule) -> Terms:
    """The terms that the rule's sentence states, complete or still being written."""
    return Terms(
        currency=rule.currency,
        price=_price(rule),
        once_days=rule.once_days or 0,
        once_per_person=rule.once_per == PriceRule.Once.PERSON,
        highest_only=rule.highest_only,
        cap_per_lead=maybe_micro(rule.cap_per_lead),
        cap_per_period=maybe_micro(rule.cap_per_period),
    )


def scope_in_words(rule: PriceRule) -> list[str]:
    """The values that the rule fixes, most specific first; empty if it prices everything."""
    fixed = (
        rule.customer and rule.customer.name,
        rule.product and rule.product.sku,
        rule.category,
        rule.source and rule.source.name,
        rule.channel and Channel(rule.channel).label,
        rule.action_type and rule.action_type.name,
    )
    return [str(part) for part in fixed if part]


def named_after_scope(rule: PriceRule) -> str:
    """The name of a rule that was given none: `Acme Tile · TILE-9 · Sample order`."""
    return (" · ".join(scope_in_words(rule)) or "Everything")[:LONGEST_NAME]


def number(quantity: Decimal) -> str:
    """The number without trailing zeros: `3`, `1,250`, `0.5`."""
    return numbers.number(micro(quantity))


def percent_in_words(percent: Decimal) -> str:
    """`1.3%`."""
    return numbers.percent(micro(percent))


def _price(rule: PriceRule) -> Price | None:
    try:
        return price_facts(rule)
    except ValueError:
        return None  # it is still being written, and a part is missing
