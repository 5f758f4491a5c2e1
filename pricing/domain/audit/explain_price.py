"""How the price of a stored charge comes about: what rating was told then, said as `pricing.wording` says it."""

from billing_engine.core import money
from pricing.domain.rate.charges import in_units
from pricing.domain.rate.inputs import maybe_micro, micro, price_facts
from pricing.domain.rate.rule_totals import actions_before, volume_totals
from pricing.models import Charge, PriceRule
from pricing.rating.prices import Counted, Percentage, Price, Volume
from pricing.wording.price import Case, steps

Parts = list[dict[str, str | int]]


def price_sentences(charge: Charge, rule: PriceRule) -> tuple[list[str], Parts]:
    """Why the full price is what it is, and the parts it is the sum of; the parts' numbers are those of `parts`."""
    price = price_facts(rule)
    total = volume_totals(charge.period, {rule.lineage}).get(rule.lineage, 0) if isinstance(price, Volume) else 0
    counts_actions = isinstance(price, Percentage) and price.free_actions
    before = Counted(
        actions_before(charge, rule.lineage) if counts_actions else 0,
        micro(charge.quantity_before),
        micro(charge.value_before or money.ZERO),
    )
    return sentences_of(charge, price, before, total=total)


def sentences_of(charge: Charge, price: Price, before: Counted, *, total: int) -> tuple[list[str], Parts]:
    """The same, of a charge that need not be stored; `total` is the period's whole quantity, for a volume."""
    case = Case(
        price=price,
        currency=charge.period.customer.currency,
        before=before,
        quantity=micro(charge.action.quantity),
        value=maybe_micro(charge.action.value),
        total=total,
        full=micro(charge.full_amount),
    )
    return steps(case), [
        {"tier": part.tier, "counted": str(in_units(part.counted)), "amount": str(in_units(part.amount))}
        for part in case.parts
    ]
