"""What unit prices have in common: a free allowance at the start of a period, and its wording."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.rating.amounts import MICRO, Micro, paid_part
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Kind
from pricing.rating.prices.model import FREE, Case, Clause, Price, TierPart
from pricing.rating.prices.tiers import Step
from pricing.rating.statement import NOTHING, Money, Number, Statement, say

FREE_UNITS = Field(
    "free_units",
    Kind.UNITS,
    "Number of free units at the start of a period. Tiers and packages start after them.",
    negative="Allowance can't be negative.",
    is_allowance=True,
)


@dataclass(frozen=True, slots=True)
class FreeUnits(Clause):
    """The first units of a period are free."""

    units: int

    @property
    def statement(self) -> Statement:
        if self.units == MICRO:
            return say("the first unit of a period free")
        return say("the first {units} units of a period free", units=Number(self.units))


class PriceOfUnits(Price):
    """A price by the number of units, the first of which may be free."""

    __slots__ = ()
    free_units: Micro

    def allowances(self) -> Iterator[Clause]:
        if self.free_units:
            yield FreeUnits(self.free_units)

    @property
    def allowance(self) -> Counted:
        return Counted(quantity=self.free_units)

    def paid(self, before: Counted, quantity: int) -> tuple[int, int]:
        """The range of the action's paid units."""
        return paid_part(before.quantity, self.free_units), paid_part(before.quantity + quantity, self.free_units)

    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        low, high = self.paid(before, quantity)
        if quantity > high - low:
            yield TierPart(FREE, quantity - (high - low), 0)
        if high > low:
            yield from self.paid_parts(before, quantity, before.quantity + quantity if total is None else total)

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        """The parts that are not free, without empty ones."""
        raise NotImplementedError

    def paid_of(self, case: Case) -> list[TierPart]:
        """The same for a case."""
        return [part for part in self.parts(case.before, case.quantity, case.value, total=case.total) if part.tier]

    def counted(self, case: Case) -> Statement:
        """The action's position in the period."""
        before, after = case.before.quantity, case.before.quantity + case.quantity
        return say(
            "This rule had counted {before} in the period before this action, and {after} with it.",
            before=Number(before),
            after=Number(after),
        )

    def free(self, case: Case) -> Iterator[Statement]:
        """How much of the action is free, if there is an allowance."""
        if not self.free_units:
            return
        low, high = self.paid(case.before, case.quantity)
        free = case.quantity - (high - low)
        of_it = say(": {free} of its {all}", free=Number(free), all=Number(case.quantity)) if free else NOTHING
        if self.free_units == MICRO:
            yield say("The first unit of the period is free{of_it}.", of_it=of_it)
        else:
            first = Number(self.free_units)
            yield say("The first {first} units of the period are free{of_it}.", first=first, of_it=of_it)


def product(part: TierPart, rate: int, fee: Statement = NOTHING) -> Statement:
    """`3 × $2.50 = $7.50.`"""
    # The sum of the period's units is rounded, not each action's price.
    is_exact = part.counted * rate == (part.amount - part.flat_fee) * MICRO
    return say(
        "{units} × {rate}{fee} = {amount}{rounded}.",
        units=Number(part.counted),
        rate=Money(rate),
        fee=fee,
        amount=Money(part.amount),
        rounded=NOTHING if is_exact else say(", to six places of the period's sum"),
    )


def entry_fee(step: Step) -> Statement:
    """` plus $1.00 once per period on entering this tier`."""
    return say(" plus {fee} once per period on entering this tier", fee=Money(step.fee)) if step.fee else NOTHING
