"""Each part of a period's money value is charged the percent of its own tier."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from pricing.rating.amounts import PERCENT
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Given, Kind
from pricing.rating.prices.model import FREE, Case, Clause, Price, Row, TierPart
from pricing.rating.prices.tiers import Stairs, Step, Tier, borders_of, cost_anything, steps_of
from pricing.rating.prices.units import entry_fee
from pricing.rating.prices.value import counted, without_value
from pricing.rating.statement import NOTHING, Money, Percent, Statement, Value, joined, say

VALUE_TIERS = Field(
    "tiers",
    Kind.VALUE_TIERS,
    "In ascending order. Only the last tier can have no end.",
    missing="Each tier needs a percent, which can be 0.",
)


@dataclass(frozen=True, slots=True)
class ValueByTier(Clause):
    """Each part of a period's value is priced by its own tier; a flat fee is due once a period, on entering it."""

    steps: tuple[Step, ...]

    @property
    def statement(self) -> Statement:
        return joined(map(self._step, self.steps), ", then ")

    def _step(self, step: Step) -> Statement:
        return say(
            "{percent} of an action's value{fee}" if len(self.steps) == 1 else "{percent} of a period's {value}{fee}",
            percent=Percent(step.rate),
            value=Value(step.above, step.up_to),
            fee=entry_fee(step),
        )


@dataclass(frozen=True, slots=True)
class GraduatedPercentage(Price):
    """`F(v + value) − F(v)` over tiers of value, each with its percent."""

    code: ClassVar[str] = "graduated_percentage"
    title: ClassVar[str] = "Graduated percentage"
    meaning: ClassVar[str] = "A percentage of the money value, by the tier that the period's value has reached."
    fields: ClassVar[tuple[Field, ...]] = (VALUE_TIERS,)
    rows = {**Price.rows, "tier": "{tier}"}
    is_of_value: ClassVar[bool] = True

    tiers: tuple[Tier, ...]
    stairs: Stairs = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stairs", Stairs.of(self.tiers, PERCENT))

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(given.steps(VALUE_TIERS))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return self.stairs.up_to(before.value + (value or 0)) - self.stairs.up_to(before.value)

    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        pieces = self.stairs.split(self.tiers, before.value, before.value + (value or 0))
        return (TierPart(*piece) for piece in pieces)

    @property
    def borders(self) -> tuple[int, ...] | None:
        return borders_of(self.tiers)

    @property
    def costs_anything(self) -> bool:
        return cost_anything(self.tiers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The tiers in the period's counting."""
        return steps_of(self.tiers)

    def clause(self) -> Clause:
        return ValueByTier(self.steps)

    def explained(self, case: Case) -> Iterator[Statement]:
        if not case.value:
            yield without_value(case)
            return
        yield counted(case)
        for part in self.parts(case.before, case.quantity, case.value):
            step = self.steps[part.tier - 1]
            yield say(
                "{value} in the tier “{tier}” at {percent} of it{fee}: {amount}.",
                value=Money(part.counted),
                tier=Value(step.above, step.up_to),
                percent=Percent(step.rate),
                fee=say(", plus {fee} for entering it", fee=Money(part.flat_fee)) if part.flat_fee else NOTHING,
                amount=Money(part.amount),
            )

    def row(self, part: int) -> Row:
        if part == FREE:
            return Row("free", is_money=True)
        step = self.steps[part - 1]
        return Row("tier", {"tier": Value(step.above, step.up_to)}, is_money=True, rate=Percent(step.rate))
