"""The rows below a line, as data: its price by tier or part, adding up to the line to the cent."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from billing_engine.core import money
from invoices.domain.lines.charge_sums import ChargeSums, LineKey, Sums, TieredCharge, stream_charges
from leads.models import BillingPeriod
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import maybe_micro, micro, price_facts
from pricing.domain.rate.rule_totals import volume_totals
from pricing.models import PriceRule
from pricing.rating.prices import Counted, Price, Row
from pricing.wording.row import Facts, cut_facts, part_facts

PAID = 1  # the only part of a price that is just a rate


@dataclass(slots=True)
class TierSums:
    """How much of one line fell into each tier or part of its price, in micro-units."""

    counted: Counter[int] = field(default_factory=Counter)
    amount: Counter[int] = field(default_factory=Counter)
    flat_fee: Counter[int] = field(default_factory=Counter)


class Part(NamedTuple):
    """One part of a line's price, its amount not yet rounded."""

    row: Row
    counted: int
    flat_fee: int
    exact: Decimal


def tier_rows(period: BillingPeriod, found: ChargeSums, rules: dict[int, PriceRule]) -> dict[LineKey, list[Facts]]:
    """Return the rows below each line; a line of quantity × unit price without cuts has none."""
    prices = {pk: price_facts(rule) for pk, rule in rules.items()}
    sums = _sums(period, prices, {pk: rule.lineage for pk, rule in rules.items()})
    rows: dict[LineKey, list[Facts]] = {}
    for key, line in found.charged.items():
        price, cuts = prices[key.rule], found.trimmed.get(key, {})
        parts = list(_parts(price, sums[key])) if price.only_rate is None else _in_one_piece(price, line, cuts)
        if parts or cuts:
            rows[key] = _rounded(price, parts, cuts, period.customer.currency)
    return rows


def _sums(period: BillingPeriod, prices: dict[int, Price], lineages: dict[int, int]) -> dict[LineKey, TierSums]:
    """Split each charge into its parts and sum them by line; a percentage's free actions are counted across revisions."""
    sums: dict[LineKey, TierSums] = defaultdict(TierSums)
    wanted = {lineages[pk] for pk, price in prices.items() if price.only_rate is None}
    if not wanted:
        return sums
    by_total = {lineages[pk] for pk, price in prices.items() if price.needs_total}
    totals = volume_totals(period, by_total) if by_total else {}
    actions: Counter[int] = Counter()
    for key, one in stream_charges(period, [pk for pk, lineage in lineages.items() if lineage in wanted]):
        lineage = lineages[key.rule]
        before = _before(one, actions[lineage])
        actions[lineage] += 1
        quantity, value = micro(one.quantity), maybe_micro(one.value)
        for part in prices[key.rule].parts(before, quantity, value, total=totals.get(lineage)):
            line = sums[key]
            line.counted[part.tier] += part.counted
            line.amount[part.tier] += part.amount
            line.flat_fee[part.tier] += part.flat_fee
    return sums


def _before(one: TieredCharge, actions: int) -> Counted:
    return Counted(actions, micro(one.quantity_before), micro(one.value_before or money.ZERO))


def _parts(price: Price, line: TierSums) -> Iterator[Part]:
    """Yield one part per tier, or per part of a price without tiers."""
    for part in sorted(line.counted):
        yield Part(price.row(part), line.counted[part], line.flat_fee[part], to_decimal(line.amount[part]))


def _in_one_piece(price: Price, line: Sums, cuts: dict[str, Decimal]) -> list[Part]:
    """Return quantity × unit price as one part, if a cap cut it."""
    return [Part(price.row(PAID), micro(line.quantity), 0, line.full_amount)] if cuts else []


def _rounded(price: Price, parts: list[Part], cuts: dict[str, Decimal], currency: str) -> list[Facts]:
    """Round the rows so that they add up to the line, by largest remainder."""
    amounts = money.spread([*(part.exact for part in parts), *(-cut for cut in cuts.values())], currency)
    rows = [
        part_facts(type(price), part.row, counted=part.counted, fee=part.flat_fee, amount=amount)
        for part, amount in zip(parts, amounts, strict=False)
    ]
    return rows + [cut_facts(cap, amount) for cap, amount in zip(cuts, amounts[len(parts) :], strict=True)]
