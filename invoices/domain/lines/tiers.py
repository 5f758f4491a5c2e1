"""What stands beneath a line: its price tier by tier, or part by part, adding up to the line to the cent."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from billing_engine.core import money
from invoices.domain.lines.charge_sums import LineKey, OneCharge, Summed, Sums, one_by_one
from leads.models import BillingPeriod
from pricing.domain.rate.charges import in_units
from pricing.domain.rate.inputs import maybe_micro, micro, price_facts
from pricing.domain.rate.rule_totals import volume_totals
from pricing.domain.rule_wording import number, percent_in_words
from pricing.models import Charge, PriceRule
from pricing.rating.parts import FIXED_FEE, FREE, PAID, TO_MINIMUM, parts, tier_of
from pricing.rating.prices import OF_VALUE, Counted, Package, Percentage, PerUnit, Price, Volume
from pricing.wording.price import tier_name

Detail = list[dict[str, str]]

ABOVE = {
    Charge.Cap.PER_LEAD: "above the limit per lead",
    Charge.Cap.PER_PERIOD: "above the limit per billing period",
    Charge.Cap.BUDGET: "above the monthly budget",
}


@dataclass(slots=True)
class TierSums:
    """What of one line fell into each tier or part of its price, in micro-units."""

    counted: Counter[int] = field(default_factory=Counter)
    amount: Counter[int] = field(default_factory=Counter)
    flat_fee: Counter[int] = field(default_factory=Counter)


class Row(NamedTuple):
    """A row beneath a line, its amount not yet rounded; what a cap took off names the cap."""

    tier: str
    quantity: str
    unit_price: str
    exact: Decimal
    cap: str = ""


def details(period: BillingPeriod, found: Summed, rules: dict[int, PriceRule]) -> dict[LineKey, Detail]:
    """The rows beneath each line; none beneath quantity × unit price that no cap has trimmed."""
    currency = period.customer.currency
    prices = {pk: price_facts(rule) for pk, rule in rules.items()}
    sums = _sums(period, prices, {pk: rule.lineage for pk, rule in rules.items()})
    beneath: dict[LineKey, Detail] = {}
    for key, line in found.charged.items():
        price, cut = prices[key.rule], [_cut(cap, amount) for cap, amount in found.trimmed.get(key, {}).items()]
        rows = (
            list(_rows(price, sums[key], currency)) if _has_parts(price) else _in_one_piece(price, line, cut, currency)
        )
        if rows:
            beneath[key] = _rounded([*rows, *cut], currency)
    return beneath


def _has_parts(price: Price) -> bool:
    return not isinstance(price, PerUnit) or price.free_units > 0


def _sums(period: BillingPeriod, prices: dict[int, Price], lineages: dict[int, int]) -> dict[LineKey, TierSums]:
    """Each charge in its parts, added up by line. A percentage's free actions are counted over all revisions."""
    sums: dict[LineKey, TierSums] = defaultdict(TierSums)
    wanted = {lineages[pk] for pk, price in prices.items() if _has_parts(price)}
    if not wanted:
        return sums
    volumes = {lineages[pk] for pk, price in prices.items() if isinstance(price, Volume)}
    totals = volume_totals(period, volumes) if volumes else {}
    actions: Counter[int] = Counter()
    for key, one in one_by_one(period, [pk for pk, lineage in lineages.items() if lineage in wanted]):
        lineage = lineages[key.rule]
        before = _before(one, actions[lineage])
        actions[lineage] += 1
        quantity, value = micro(one.quantity), maybe_micro(one.value)
        for part in parts(prices[key.rule], before, quantity, value, total=totals.get(lineage)):
            line = sums[key]
            line.counted[part.tier] += part.counted
            line.amount[part.tier] += part.amount
            line.flat_fee[part.tier] += part.flat_fee
    return sums


def _before(one: OneCharge, actions: int) -> Counted:
    return Counted(actions, micro(one.quantity_before), micro(one.value_before or money.ZERO))


def _rows(price: Price, line: TierSums, currency: str) -> Iterator[Row]:
    """A row per tier, or per part of a price without tiers."""
    for part in sorted(line.counted):
        exact, counted = in_units(line.amount[part]), in_units(line.counted[part])
        words = money.in_words(counted, currency) if _is_value(price, part) else number(counted)
        if part == FREE:
            yield Row("free of charge", words, "", exact)
        elif isinstance(price, PerUnit):
            yield Row("beyond the free ones", words, _price(price.unit_price, currency), exact)
        elif isinstance(price, Package):
            size = number(in_units(price.package_size))
            yield Row(f"packages of {size} started", words, _price(price.package_price, currency), exact)
        elif isinstance(price, Percentage):
            yield Row(*_part_of_percentage(price, part, words, currency), exact)
        else:
            rate = _rate(price, part, currency)
            fee = line.flat_fee[part]
            name = tier_name(price, part, currency)
            yield Row(name, words, f"{rate} + {_price(fee, currency)}" if fee else rate, exact)


def _is_value(price: Price, part: int) -> bool:
    return isinstance(price, OF_VALUE) and not (isinstance(price, Percentage) and part >= FIXED_FEE)


def _part_of_percentage(price: Percentage, part: int, words: str, currency: str) -> tuple[str, str, str]:
    if part == PAID:
        return "of the value", words, percent_in_words(in_units(price.percent))
    if part == FIXED_FEE:
        return "fixed fee", words, _price(price.fixed_fee, currency)
    if part == TO_MINIMUM:
        return f"raised to at least {_price(price.minimum or 0, currency)}", words, ""
    return f"lowered to at most {_price(price.maximum or 0, currency)}", words, ""


def _rate(price: Price, number_of_tier: int, currency: str) -> str:
    assert not isinstance(price, PerUnit | Package | Percentage), "these have no tiers"  # noqa: S101 -- tells mypy
    tier, _ = tier_of(price, number_of_tier)
    return percent_in_words(in_units(tier.rate)) if isinstance(price, OF_VALUE) else _price(tier.rate, currency)


def _price(micro_units: int, currency: str) -> str:
    return money.price_in_words(in_units(micro_units), currency)


def _in_one_piece(price: Price, line: Sums, cut: list[Row], currency: str) -> list[Row]:
    """Quantity × unit price: worth a row only where a cap has trimmed it."""
    if not cut or not isinstance(price, PerUnit):
        return []
    return [Row("full price", number(line.quantity), _price(price.unit_price, currency), line.full_amount)]


def _cut(cap: str, amount: Decimal) -> Row:
    return Row(ABOVE[Charge.Cap(cap)], "", "", -amount, cap)


def _rounded(rows: list[Row], currency: str) -> Detail:
    """Together the rows are the line: spread by largest remainder."""
    amounts = money.spread([row.exact for row in rows], currency)
    return [
        {
            "tier": row.tier,
            "quantity": row.quantity,
            "unit_price": row.unit_price,
            "amount": money.in_words(amount, currency),
        }
        | ({"cap": row.cap, "cut": money.in_words(-amount, currency)} if row.cap else {})
        for row, amount in zip(rows, amounts, strict=True)
    ]
