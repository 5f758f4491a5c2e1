"""The period's whole quantity picks one tier, whose price applies to all units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from pricing.rating.amounts import ZERO, Micro, between, paid_part
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Given
from pricing.rating.prices.graduated import UNIT_TIERS, tier_row
from pricing.rating.prices.model import Case, Clause, Price, Row, TierPart
from pricing.rating.prices.tiers import Step, Tier, after_free, check_tiers, cost_anything, steps_of
from pricing.rating.prices.units import FREE_UNITS, PriceOfUnits, product
from pricing.rating.statement import NOTHING, Money, Number, Statement, joined, say


@dataclass(frozen=True, slots=True)
class UnitsByTotal(Clause):
    """All units of a period, beyond the free ones, have the price of the period's total; a flat fee is due once."""

    steps: tuple[Step, ...]
    free_units: int

    @property
    def statement(self) -> Statement:
        beyond = say(" beyond the free ones") if self.free_units else NOTHING
        if len(self.steps) == 1:
            return say("{price} for all units of a period{beyond}", price=self._price(self.steps[0]), beyond=beyond)
        steps = joined(map(self._step, self.steps), ", ")
        return say("all units of a period{beyond} by the period's total: {steps}", beyond=beyond, steps=steps)

    def _step(self, step: Step) -> Statement:
        return say("{total} at {price}", total=total_of(step, self.free_units), price=self._price(step))

    def _price(self, step: Step) -> Statement:
        fee = say(" plus {fee} once per period", fee=Money(step.fee)) if step.fee else NOTHING
        return say("{rate} each{fee}", rate=Money(step.rate), fee=fee)


@dataclass(frozen=True, slots=True)
class Volume(PriceOfUnits):
    """The period's total picks one tier, whose unit price applies to all units; its flat fee falls on the first."""

    code: ClassVar[str] = "volume"
    title: ClassVar[str] = "Volume"
    meaning: ClassVar[str] = "The period's whole quantity picks one tier, whose price applies to all units."
    fields: ClassVar[tuple[Field, ...]] = (UNIT_TIERS, FREE_UNITS)
    rows = {**Price.rows, "tier": "{tier}"}
    needs_total: ClassVar[bool] = True

    tiers: tuple[Tier, ...]
    free_units: Micro = ZERO

    def __post_init__(self) -> None:
        check_tiers(self.tiers)

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(given.steps(UNIT_TIERS), given.amount("free_units"))

    def tier(self, total: int) -> Tier:
        """The tier that the period's total quantity picks."""
        paid = paid_part(total, self.free_units)
        return next(tier for tier in self.tiers if tier.up_to is None or paid <= tier.up_to)

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        """The price as if the period ended with this action."""
        return self.price_within(before.quantity + quantity, before, quantity)

    def price_within(self, total: int, before: Counted, quantity: int, value: int | None = None) -> int:
        tier = self.tier(total)
        low = paid_part(before.quantity, self.free_units)
        high = paid_part(before.quantity + quantity, self.free_units)
        return between(low, high, tier.rate) + (tier.flat_fee if high and not low else 0)

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        tier = self.tier(total)
        low, high = self.paid(before, quantity)
        amount = self.price_within(total, before, quantity)
        yield TierPart(self.tiers.index(tier) + 1, high - low, amount, 0 if low else tier.flat_fee)

    @property
    def borders(self) -> tuple[int, ...] | None:
        return after_free(self.free_units)

    @property
    def costs_anything(self) -> bool:
        return cost_anything(self.tiers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The tiers in the period's counting."""
        return steps_of(self.tiers, self.free_units)

    def clause(self) -> Clause:
        return UnitsByTotal(self.steps, self.free_units)

    def explained(self, case: Case) -> Iterator[Statement]:
        total = Number(case.total)
        found = self.paid_of(case)
        if not found:
            yield say("The period's total is {total}.", total=total)
            yield from self.free(case)
        for part in found:
            step = self.steps[part.tier - 1]
            when = total_of(step, self.free_units)
            yield say(
                "The period's total is {total}: {when}, all units{beyond} cost {rate} each."
                if when.text
                else "The period's total is {total}: all units{beyond} cost {rate} each.",
                total=total,
                when=when,
                beyond=say(" beyond the free ones") if self.free_units else NOTHING,
                rate=Money(step.rate),
            )
            yield from self.free(case)
            fee = say(" + the flat fee of {fee}, due once", fee=Money(part.flat_fee)) if part.flat_fee else NOTHING
            yield product(part, step.rate, fee)

    def row(self, part: int) -> Row:
        return tier_row(self.steps, part)


def total_of(step: Step, free_units: int) -> Statement:
    """The totals of a period that pick the tier, such as `above 110 up to 510`; empty if any total does."""
    found = [say("above {above}", above=Number(step.above))] if step.above > free_units else []
    if step.up_to is not None:
        found.append(say("up to {up_to}", up_to=Number(step.up_to)))
    return joined(found, " ")
