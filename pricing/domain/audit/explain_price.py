"""Explain the price of a stored charge, from the inputs that rating had."""

from billing_engine.core import money
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import maybe_micro, micro, price_facts
from pricing.domain.rate.rule_totals import actions_before, volume_totals
from pricing.models import Charge, PriceRule
from pricing.rating.prices import Case, Counted, Price
from pricing.wording.price import steps

Parts = list[dict[str, str | int]]


def price_sentences(charge: Charge, rule: PriceRule) -> tuple[list[str], Parts]:
    """Return sentences that explain the full price, and the parts that add up to it, numbered as in `Price.parts`."""
    price = price_facts(rule)
    return sentences_of(charge, price, counted_before(charge, rule, price), total=total_of(charge, rule, price))


def counted_before(charge: Charge, rule: PriceRule, price: Price) -> Counted:
    """Return what the rule had counted before this charge."""
    return Counted(
        actions_before(charge, rule.lineage) if price.counts_actions else 0,
        micro(charge.quantity_before),
        micro(charge.value_before or money.ZERO),
    )


def total_of(charge: Charge, rule: PriceRule, price: Price) -> int:
    """Return the rule's whole quantity in the charge's period, if its price asks for it."""
    return volume_totals(charge.period, {rule.lineage}).get(rule.lineage, 0) if price.needs_total else 0


def case_of(charge: Charge, before: Counted, *, total: int) -> Case:
    """Return the case that a charge was for its price."""
    action = charge.action
    return Case(before, micro(action.quantity), maybe_micro(action.value), total, full=micro(charge.full_amount))


def sentences_of(charge: Charge, price: Price, before: Counted, *, total: int) -> tuple[list[str], Parts]:
    """The same for a charge that may not be stored; `total` is the period's whole quantity, for a volume price."""
    case = case_of(charge, before, total=total)
    return steps(price, case, charge.period.customer.currency), [
        {"tier": part.tier, "counted": str(to_decimal(part.counted)), "amount": str(to_decimal(part.amount))}
        for part in price.parts(before, case.quantity, case.value, total=total)
    ]
