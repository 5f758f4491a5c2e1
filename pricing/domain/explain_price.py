"""How the price of a charge comes about, step by step, in the parts that rating itself priced."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from billing_engine.core import money
from pricing.domain.charges import in_units
from pricing.domain.facts import maybe_micro, micro, price_facts
from pricing.domain.totals import actions_before, volume_totals
from pricing.domain.words import number, percent_in_words, tier_name, value_tier_name
from pricing.models import Charge, PriceRule
from pricing.rating.parts import FIXED_FEE, FREE, PAID, TO_MINIMUM, Tiered, TierPart, parts, tier_of
from pricing.rating.prices import (
    Counted,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Volume,
)


class Told(NamedTuple):
    """A charge and its price, with what its sentences need."""

    charge: Charge
    price: Any
    currency: str
    before: Counted
    found: list[TierPart]
    total: int  # of the period, for a volume

    def money(self, micro_units: int) -> str:
        return money.price_in_words(in_units(micro_units), self.currency)

    @property
    def full(self) -> str:
        return money.price_in_words(self.charge.full_amount, self.currency)

    def part(self, number_of_part: int) -> TierPart | None:
        return next((part for part in self.found if part.tier == number_of_part), None)


def price_sentences(charge: Charge, rule: PriceRule) -> tuple[list[str], list[dict[str, str | int]]]:
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


def sentences_of(
    charge: Charge, price: Price, before: Counted, *, total: int
) -> tuple[list[str], list[dict[str, str | int]]]:
    """The same, of a charge that need not be stored; `total` is the period's whole quantity, for a volume."""
    quantity, value = micro(charge.action.quantity), maybe_micro(charge.action.value)
    found = parts(price, before, quantity, value, total=total)
    told = Told(charge, price, charge.period.customer.currency, before, found, total)
    return _SENTENCES[type(price)](told), [
        {"tier": part.tier, "counted": str(in_units(part.counted)), "amount": str(in_units(part.amount))}
        for part in found
    ]


def part_name(price: Tiered, number_of_tier: int, currency: str) -> str:
    """A tier in words: `units 1–100`, `value above $1,000.00`."""
    tier, start = tier_of(price, number_of_tier)
    end = None if tier.up_to is None else in_units(tier.up_to)
    if isinstance(price, GraduatedPercentage):
        return value_tier_name(in_units(start), end, currency)
    return tier_name(in_units(start), end)


def counts_value(price: Price) -> bool:
    """Whether the price is of the action's value, not of its quantity."""
    return isinstance(price, Percentage | GraduatedPercentage)


def _per_unit(told: Told) -> list[str]:
    each = told.money(told.price.unit_price)
    if not told.price.free_units:
        return [f"{number(told.charge.action.quantity)} × {each} = {told.full}."]
    paid = told.part(PAID)
    return [*_counted(told), *_free(told), *([f"{_units(paid)} × {each} = {told.full}."] if paid else [])]


def _tiered(told: Told) -> list[str]:
    if counts_value(told.price) and not told.charge.action.value:
        return ["The action came without a value, so it costs nothing."]
    return [*_counted(told), *_after_free(told), *(_tier(told, part) for part in told.found if part.tier != FREE)]


def _tier(told: Told, part: TierPart) -> str:
    name, counted = part_name(told.price, part.tier, told.currency), in_units(part.counted)
    of_it = told.money(part.counted) if counts_value(told.price) else number(counted)
    tier, _ = tier_of(told.price, part.tier)
    rate = (
        f"{percent_in_words(in_units(tier.rate))} of it"
        if counts_value(told.price)
        else f"{told.money(tier.rate)} each"
    )
    return f"{of_it} in the tier «{name}» at {rate}{_with_fee(told, part)}: {told.money(part.amount)}."


def _with_fee(told: Told, part: TierPart) -> str:
    return f", plus {told.money(part.flat_fee)} for entering it" if part.flat_fee else ""


def _volume(told: Told) -> list[str]:
    paid = next((part for part in told.found if part.tier != FREE), None)
    total = f"The whole period's quantity is {number(in_units(told.total))}"
    if paid is None:
        return [f"{total}.", *_free(told)]
    tier, _ = tier_of(told.price, paid.tier)
    name = part_name(told.price, paid.tier, told.currency)
    sentences = [f"{total}, which picks the tier «{name}» for all units.", *_after_free(told)]
    fee = f", plus the flat fee of {told.money(paid.flat_fee)}, which the first action pays" if paid.flat_fee else ""
    return [*sentences, f"{_units(paid)} × {told.money(tier.rate)}{fee}: {told.full}."]


def _package(told: Told) -> list[str]:
    price: Package = told.price
    begun, size = told.part(PAID), number(in_units(price.package_size))
    if begun is None:
        free = _free(told)
        return [*_counted(told), *(free or [f"It begins no new package of {size}, so it costs nothing."])]
    packages = f"{_units(begun)} × {told.money(price.package_price)}"
    return [*_counted(told), *_free(told), f"Packages of {size} that it begins: {packages} = {told.full}."]


def _percentage(told: Told) -> list[str]:
    if not told.charge.action.value:
        return ["The action came without a value, so it costs nothing."]
    paid, fee = told.part(PAID), told.part(FIXED_FEE)
    sentences = [*_allowance(told), *_free(told)]
    if paid is None:
        return sentences
    percent = percent_in_words(in_units(told.price.percent))
    words = f"{percent} of {told.money(paid.counted)} is {told.money(paid.amount)}"
    sentences.append(f"{words}, plus the fixed fee of {told.money(fee.amount)}." if fee else f"{words}.")
    moved = sum(part.amount for part in told.found if part.tier >= TO_MINIMUM)
    if moved:
        sentences.append(f"{'At least' if moved > 0 else 'At most'} {told.full} is charged for an action.")
    return sentences


def _allowance(told: Told) -> list[str]:
    """How far the free allowance of a percentage was used up, where there is one."""
    first = told.price.free_actions
    if first:
        place = told.before.actions + 1
        return [f"It is number {place:,} of this rule's actions in the period, and the first {first:,} are free."]
    return _counted(told) if told.price.free_value else []


def _counted(told: Told) -> list[str]:
    """Where in the period the action stands."""
    charge = told.charge
    if counts_value(told.price):
        before, value = charge.value_before or money.ZERO, charge.action.value or money.ZERO
        words = [money.price_in_words(amount, told.currency) for amount in (before, before + value)]
        return [
            f"This rule had counted a value of {words[0]} in the period before this action, and {words[1]} with it."
        ]
    before, after = charge.quantity_before, charge.quantity_before + charge.action.quantity
    return [f"This rule had counted {number(before)} in the period before this action, and {number(after)} with it."]


def _free(told: Told) -> list[str]:
    free = told.part(FREE)
    if free is None:
        return []
    if counts_value(told.price):
        return [f"Free of charge: {told.money(free.counted)} of its value."]
    return [f"Free of charge: {number(in_units(free.counted))} of its {number(told.charge.action.quantity)}."]


def _after_free(told: Told) -> list[str]:
    """The same, where tiers count what is beyond the allowance."""
    allowance = getattr(told.price, "free_units", 0)
    words = [f"The first {number(in_units(allowance))} of the period are free, and tiers count from there."]
    return [*(words if allowance else []), *_free(told)]


def _units(part: TierPart | None) -> str:
    return number(in_units(part.counted) if part else Decimal(0))


_SENTENCES: dict[type[Any], Callable[[Told], list[str]]] = {
    PerUnit: _per_unit,
    Graduated: _tiered,
    Volume: _volume,
    Package: _package,
    Percentage: _percentage,
    GraduatedPercentage: _tiered,
}
