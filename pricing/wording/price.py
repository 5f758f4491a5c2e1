"""How a price came about, step by step, in the parts that rating itself priced."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.rating.parts import FIXED_FEE, FREE, PAID, TO_MINIMUM, Tiered, TierPart, parts
from pricing.rating.prices import (
    MICRO,
    OF_VALUE,
    Counted,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Volume,
)
from pricing.wording.numbers import money, number, percent, units, value
from pricing.wording.rule import Step, steps_of, total_of


@dataclass(frozen=True, slots=True)
class Case:
    """One action under the price of its rule; `total` is the period's whole quantity, which a volume depends on."""

    price: Price
    currency: str
    before: Counted
    quantity: int
    value: int | None
    total: int
    full: int

    @property
    def parts(self) -> list[TierPart]:
        """What the price is the sum of."""
        return parts(self.price, self.before, self.quantity, self.value, total=self.total)

    def money(self, micro: int) -> str:
        """In the rule's currency."""
        return money(micro, self.currency)


def steps(case: Case) -> list[str]:
    """Why the full price is what it is."""
    match case.price:
        case PerUnit() as price:
            return list(_per_unit(case, price))
        case Graduated() as price:
            return [_counted(case), *_free(case, price.free_units), *_tiers(case, price)]
        case Volume() as price:
            return list(_volume(case, price))
        case Package() as price:
            return list(_package(case, price))
        case Percentage() as price:
            return list(_percentage(case, price)) if case.value else [_without_value(case)]
        case GraduatedPercentage() as price:
            return [_counted(case), *_tiers(case, price)] if case.value else [_without_value(case)]


def tier_name(price: Tiered, number_of_tier: int, currency: str) -> str:
    """A tier, counted from 1, as the period counts: `units 1–100`, `value above $1,000.00`."""
    step = steps_of(price)[number_of_tier - 1]
    if isinstance(price, GraduatedPercentage):
        return value(step.above, step.up_to, currency)
    return units(step.above, step.up_to)


def _per_unit(case: Case, price: PerUnit) -> Iterator[str]:
    if price.free_units:
        yield _counted(case)
        yield from _free(case, price.free_units)
    for part in _paid(case):
        yield _product(case, part, price.unit_price, "")


def _product(case: Case, part: TierPart, rate: int, fee: str) -> str:
    """`3 × $2.50 = $7.50.`"""
    # What the period's units cost together is rounded, not what this action's cost.
    is_exact = part.counted * rate == (part.amount - part.flat_fee) * MICRO
    of_the_sum = "" if is_exact else ", to six places of the period's sum"
    return f"{number(part.counted)} × {case.money(rate)}{fee} = {case.money(part.amount)}{of_the_sum}."


def _volume(case: Case, price: Volume) -> Iterator[str]:
    total = f"The period's total is {number(case.total)}"
    found = _paid(case)
    if not found:
        yield f"{total}."
        yield from _free(case, price.free_units)
    for part in found:
        step = steps_of(price)[part.tier - 1]
        when = total_of(step, price.free_units)
        cost = f"all units{_beyond(price.free_units)} cost {case.money(step.rate)} each"
        yield f"{total}: {when}{', ' if when else ''}{cost}."
        yield from _free(case, price.free_units)
        fee = f" + the flat fee of {case.money(part.flat_fee)}, due once" if part.flat_fee else ""
        yield _product(case, part, step.rate, fee)


def _tiers(case: Case, price: Graduated | GraduatedPercentage) -> Iterator[str]:
    for part in _paid(case):
        yield _tier(case, price, part, steps_of(price)[part.tier - 1])


def _tier(case: Case, price: Tiered, part: TierPart, step: Step) -> str:
    name = tier_name(price, part.tier, case.currency)
    fee = f", plus {case.money(part.flat_fee)} for entering it" if part.flat_fee else ""
    if isinstance(price, GraduatedPercentage):
        rated = f"{case.money(part.counted)} in the tier “{name}” at {percent(step.rate)} of it"
    else:
        rated = f"{number(part.counted)} in the tier “{name}” at {case.money(step.rate)} each"
    return f"{rated}{fee}: {case.money(part.amount)}."


def _package(case: Case, price: Package) -> Iterator[str]:
    size, started = number(price.package_size), sum(part.counted for part in _paid(case))
    yield _counted(case)
    yield from _free(case, price.free_units)
    if started:
        packages = f"{number(started)} × {case.money(price.package_price)}"
        yield f"Packages of {size} that it starts: {packages} = {case.money(case.full)}."
    elif sum(part.counted for part in case.parts) < case.quantity or not case.quantity:
        yield f"It starts no new package of {size}, so it costs nothing."


def _percentage(case: Case, price: Percentage) -> Iterator[str]:
    of = {part.tier: part for part in case.parts}
    yield from _allowance(case, price)
    if FREE in of:
        yield f"Free of charge: {case.money(of[FREE].counted)} of its value."
    if PAID not in of:
        return
    words = f"{percent(price.percent)} of {case.money(of[PAID].counted)} is {case.money(of[PAID].amount)}"
    yield f"{words}, plus the fixed fee of {case.money(of[FIXED_FEE].amount)}." if FIXED_FEE in of else f"{words}."
    moved = sum(part.amount for part in case.parts if part.tier >= TO_MINIMUM)
    if moved:
        yield f"{'At least' if moved > 0 else 'At most'} {case.money(case.full)} is charged for an action."


def _allowance(case: Case, price: Percentage) -> Iterator[str]:
    """How far the free allowance of a percentage was used up, where there is one."""
    if price.free_actions:
        place, first = f"number {case.before.actions + 1:,}", price.free_actions
        free = f"the first {first:,} are free" if first > 1 else "the first is free"
        yield f"It is {place} of this rule's actions in the period, and {free}."
    if price.free_value:
        until = " until one of the two runs out" if price.free_actions else ""
        yield f"The first {case.money(price.free_value)} of the period's value is free{until}."
        yield _counted(case)


def _counted(case: Case) -> str:
    """Where in the period the action stands."""
    if isinstance(case.price, OF_VALUE):
        before, after = (case.money(each) for each in (case.before.value, case.before.value + (case.value or 0)))
        return f"This rule had counted a value of {before} in the period before this action, and {after} with it."
    before, after = number(case.before.quantity), number(case.before.quantity + case.quantity)
    return f"This rule had counted {before} in the period before this action, and {after} with it."


def _free(case: Case, allowance: int) -> Iterator[str]:
    if allowance:
        free = sum(part.counted for part in case.parts if part.tier == FREE)
        of_it = f": {number(free)} of its {number(case.quantity)}" if free else ""
        yield f"{_first(allowance)} of the period {'is' if allowance == MICRO else 'are'} free{of_it}."


def _first(allowance: int) -> str:
    return "The first unit" if allowance == MICRO else f"The first {number(allowance)} units"


def _beyond(allowance: int) -> str:
    return " beyond the free ones" if allowance else ""


def _without_value(case: Case) -> str:
    return (
        f"The action came {'without a value' if case.value is None else 'with a value of zero'}, so it costs nothing."
    )


def _paid(case: Case) -> list[TierPart]:
    return [part for part in case.parts if part.tier != FREE]
