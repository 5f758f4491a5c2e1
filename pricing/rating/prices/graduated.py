"""Each unit is priced by its own tier."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from pricing.rating.amounts import MICRO, ZERO, Micro, paid_part
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Given, Kind
from pricing.rating.prices.model import FREE, Case, Clause, Price, Row, TierPart
from pricing.rating.prices.tiers import Stairs, Step, Tier, borders_of, cost_anything, steps_of
from pricing.rating.prices.units import FREE_UNITS, PriceOfUnits, entry_fee
from pricing.rating.statement import NOTHING, Money, Number, Statement, Units, joined, say

UNIT_TIERS = Field(
    "tiers",
    Kind.UNIT_TIERS,
    "In ascending order. Only the last tier can have no end.",
    missing="Each tier needs a unit price, which can be 0.",
)


@dataclass(frozen=True, slots=True)
class UnitsByTier(Clause):
    """Each unit is priced by its own tier; a flat fee is due once a period, with the first unit in the tier."""

    steps: tuple[Step, ...]

    @property
    def statement(self) -> Statement:
        return joined((self._step(step, is_first=not place) for place, step in enumerate(self.steps)), ", then ")

    def _step(self, step: Step, *, is_first: bool) -> Statement:
        return say(
            "{rate} each for {units} of a period{fee}" if is_first else "{rate} each for {units}{fee}",
            rate=Money(step.rate),
            units=Units(step.above, step.up_to),
            fee=entry_fee(step),
        )


@dataclass(frozen=True, slots=True)
class Graduated(PriceOfUnits):
    """`F(c + q) − F(c)` over tiers of units."""

    code: ClassVar[str] = "graduated"
    title: ClassVar[str] = "Graduated"
    meaning: ClassVar[str] = "Each unit is priced by its tier, the first units by the first tier and so on."
    fields: ClassVar[tuple[Field, ...]] = (UNIT_TIERS, FREE_UNITS)
    rows = {**Price.rows, "tier": "{tier}"}

    tiers: tuple[Tier, ...]
    free_units: Micro = ZERO
    stairs: Stairs = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stairs", Stairs.of(self.tiers, MICRO))

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(given.steps(UNIT_TIERS), given.amount("free_units"))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        low = paid_part(before.quantity, self.free_units)
        high = paid_part(before.quantity + quantity, self.free_units)
        return self.stairs.up_to(high) - self.stairs.up_to(low)

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        return (TierPart(*piece) for piece in self.stairs.split(self.tiers, *self.paid(before, quantity)))

    @property
    def borders(self) -> tuple[int, ...] | None:
        return borders_of(self.tiers, self.free_units)

    @property
    def costs_anything(self) -> bool:
        return cost_anything(self.tiers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The tiers in the period's counting."""
        return steps_of(self.tiers, self.free_units)

    def clause(self) -> Clause:
        return UnitsByTier(self.steps)

    def explained(self, case: Case) -> Iterator[Statement]:
        yield self.counted(case)
        yield from self.free(case)
        for part in self.paid_of(case):
            step = self.steps[part.tier - 1]
            yield say(
                "{units} in the tier “{tier}” at {rate} each{fee}: {amount}.",
                units=Number(part.counted),
                tier=Units(step.above, step.up_to),
                rate=Money(step.rate),
                fee=say(", plus {fee} for entering it", fee=Money(part.flat_fee)) if part.flat_fee else NOTHING,
                amount=Money(part.amount),
            )

    def row(self, part: int) -> Row:
        return tier_row(self.steps, part)


def tier_row(steps: tuple[Step, ...], part: int) -> Row:
    """A tier of units below an invoice line."""
    if part == FREE:
        return Row("free")
    step = steps[part - 1]
    return Row("tier", {"tier": Units(step.above, step.up_to)}, rate=Money(step.rate))
