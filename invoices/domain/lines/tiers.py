"""The rows below a line, as data: its price by tier or part, adding up to the line to the cent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

from billing_engine.core import money
from invoices.domain.lines.charge_sums import ChargeSums, LineKey, SingleCharge, Stretch, Sums
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import maybe_micro, micro
from pricing.rating.prices import Counted, Price, Row, TierPart, Together
from pricing.rating.values import LineageId, RuleFacts
from pricing.wording.row import Facts, cut_facts, part_facts

PAID = 1  # the only part of a price that is just a rate


@dataclass(slots=True)
class TierSums:
    """How much of one line fell into each tier or part of its price, in micro-units."""

    counted: Counter[int] = field(default_factory=Counter)
    amount: Counter[int] = field(default_factory=Counter)
    flat_fee: Counter[int] = field(default_factory=Counter)

    def add(self, parts: Iterable[TierPart]) -> None:
        """Add the parts of a charge, or of several together."""
        for part in parts:
            self.counted[part.tier] += part.counted
            self.amount[part.tier] += part.amount
            self.flat_fee[part.tier] += part.flat_fee


class Part(NamedTuple):
    """One part of a line's price, its amount not yet rounded."""

    row: Row
    counted: int
    flat_fee: int
    exact: Decimal


def prices_with_parts(rules: Mapping[int, RuleFacts]) -> dict[int, Price | None]:
    """Return the prices whose charges are split into parts, by rule; None if each of its charges is split by itself.

    A percentage's free actions are counted across the revisions of a rule, so then the charges of all are.
    """
    counting = {rule.lineage for rule in rules.values() if rule.price.counts_actions}
    found: dict[int, Price | None] = {}
    for pk, rule in rules.items():
        if rule.lineage in counting:
            found[pk] = None
        elif rule.price.only_rate is None:
            found[pk] = rule.price if rule.price.borders else None
    return found


def tier_rows(found: ChargeSums, rules: Mapping[int, RuleFacts], currency: str) -> dict[LineKey, list[Facts]]:
    """Return the rows below each line; a line of quantity × unit price without cuts has none."""
    sums = _sums(found, rules)
    rows: dict[LineKey, list[Facts]] = {}
    for key, line in found.charged.items():
        price, cuts = rules[key.rule].price, found.cuts(key)
        parts = list(_parts(price, sums[key])) if price.only_rate is None else _in_one_piece(price, line, cuts)
        if parts or cuts:
            rows[key] = _rounded(price, parts, cuts, currency)
    return rows


def _sums(found: ChargeSums, rules: Mapping[int, RuleFacts]) -> dict[LineKey, TierSums]:
    """Split the charges into their parts and sum them by line."""
    sums: dict[LineKey, TierSums] = defaultdict(TierSums)
    totals: Counter[LineageId] = Counter()
    for key, line in found.charged.items():
        totals[rules[key.rule].lineage] += micro(line.quantity)
    for stretch in found.stretches:
        rule = rules[stretch.line.rule]
        sums[stretch.line].add(rule.price.parts_together(_together(stretch), total=totals[rule.lineage]))
    actions: Counter[LineageId] = Counter()
    for one in sorted(found.single, key=itemgetter(1, 2)):
        rule = rules[one.line.rule]
        before = _before(one, actions[rule.lineage])
        actions[rule.lineage] += 1
        quantity, value = micro(one.quantity), maybe_micro(one.value)
        sums[one.line].add(rule.price.parts(before, quantity, value, total=totals[rule.lineage]))
    return sums


def _together(stretch: Stretch) -> Together:
    return Together(
        micro(stretch.before or money.ZERO), stretch.actions, micro(stretch.counted), micro(stretch.full_amount)
    )


def _before(one: SingleCharge, actions: int) -> Counted:
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
