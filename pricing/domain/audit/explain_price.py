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
    total = volume_totals(charge.period, {rule.lineage}).get(rule.lineage, 0) if price.needs_total else 0
    before = Counted(
        actions_before(charge, rule.lineage) if price.counts_actions else 0,
        micro(charge.quantity_before),
        micro(charge.value_before or money.ZERO),
    )
    return sentences_of(charge, price, before, total=total)


def sentences_of(charge: Charge, price: Price, before: Counted, *, total: int) -> tuple[list[str], Parts]:
    """The same for a charge that may not be stored; `total` is the period's whole quantity, for a volume price."""
    quantity, value = micro(charge.action.quantity), maybe_micro(charge.action.value)
    case = Case(before, quantity, value, total, full=micro(charge.full_amount))
    return steps(price, case, charge.period.customer.currency), [
        {"tier": part.tier, "counted": str(to_decimal(part.counted)), "amount": str(to_decimal(part.amount))}
        for part in price.parts(before, quantity, value, total=total)
    ]
