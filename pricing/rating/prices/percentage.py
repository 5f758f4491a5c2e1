"""A percentage of an action's money value, plus a fee, within bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from pricing.rating.amounts import MICRO, ZERO, Micro, share
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Fault, Field, Given, Kind
from pricing.rating.prices.model import (
    FIXED_FEE,
    FREE,
    PAID,
    TO_MAXIMUM,
    TO_MINIMUM,
    Case,
    Clause,
    Price,
    Row,
    TierPart,
    Together,
)
from pricing.rating.prices.tiers import after_free
from pricing.rating.prices.value import FreeActions, FreeActionsOrValue, FreeValue, counted, without_value
from pricing.rating.statement import NOTHING, Count, Money, Number, Percent, Statement, joined, say


@dataclass(frozen=True, slots=True)
class PercentOfValue(Clause):
    """A percentage of each action's value, plus a fee, within bounds."""

    percent: int
    fee: int
    minimum: int | None
    maximum: int | None

    @property
    def statement(self) -> Statement:
        bounds = joined(self._bounds(), " and ")
        return say(
            "{percent} of an action's value{fee}{within}, nothing without a value",
            percent=Percent(self.percent),
            fee=say(" plus {fee}", fee=Money(self.fee)) if self.fee else NOTHING,
            within=say(", {bounds} per action", bounds=bounds) if bounds.text else NOTHING,
        )

    def _bounds(self) -> Iterator[Statement]:
        if self.minimum is not None:
            yield say("at least {minimum}", minimum=Money(self.minimum))
        if self.maximum is not None:
            yield say("at most {maximum}", maximum=Money(self.maximum))


@dataclass(frozen=True, slots=True)
class Percentage(Price):
    """`p %` of the action's value plus a fixed fee, between a minimum and a maximum; the first N actions or value V free."""

    code: ClassVar[str] = "percentage"
    title: ClassVar[str] = "Percentage"
    meaning: ClassVar[str] = "A percentage of the action's money value. An action without a value is free."
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "percent",
            Kind.PERCENT,
            "Percent of the action's value.",
            missing="Enter a percent, which can be 0.",
            negative="Percent can't be negative.",
        ),
        Field(
            "fixed_fee",
            Kind.MONEY,
            "Per charged action, in addition to the percentage.",
            negative="Fee can't be negative.",
        ),
        Field(
            "minimum",
            Kind.MONEY,
            "Per charged action, including the fixed fee.",
            negative="Minimum can't be negative.",
            may_be_open=True,
        ),
        Field(
            "maximum",
            Kind.MONEY,
            "Per charged action, including the fixed fee.",
            negative="Maximum can't be negative.",
            may_be_open=True,
        ),
        Field(
            "free_actions",
            Kind.ACTIONS,
            "Number of free actions at the start of a period. If there is a free value too, until one of them runs out.",
            negative="Allowance can't be negative.",
            is_allowance=True,
        ),
        Field(
            "free_value",
            Kind.MONEY,
            "Free value at the start of a period.",
            negative="Allowance can't be negative.",
            is_allowance=True,
        ),
    )
    rows = {
        **Price.rows,
        "paid": "of the value",
        "fixed_fee": "fixed fee",
        "to_minimum": "raised to at least {bound}",
        "to_maximum": "lowered to at most {bound}",
    }
    is_of_value: ClassVar[bool] = True
    stands_alone: ClassVar[bool] = True

    percent: Micro
    fixed_fee: Micro = ZERO
    minimum: Micro | None = None
    maximum: Micro | None = None
    free_actions: int = 0
    free_value: Micro = ZERO

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(
            given.needed("percent"),
            given.amount("fixed_fee"),
            given.maybe("minimum"),
            given.maybe("maximum"),
            given.count("free_actions"),
            given.amount("free_value"),
        )

    @classmethod
    def own_faults(cls, given: Given) -> Iterator[Fault]:
        least, most = given.maybe("minimum"), given.maybe("maximum")
        if least is not None and most is not None and 0 <= most < least:
            words = say("The maximum is below the minimum of {minimum}.", minimum=Number(least))
            yield Fault("maximum", "below_minimum", words)

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        if not value:
            return 0
        return self._of_value(value - self._free_part(before, value))

    def _of_value(self, charged: int) -> int:
        """The price of this much of an action's value, beyond its free part."""
        if not charged:
            return 0
        amount = share(charged, self.percent) + self.fixed_fee
        if self.minimum is not None:
            amount = max(amount, self.minimum)
        return amount if self.maximum is None else min(amount, self.maximum)

    def _free_part(self, before: Counted, value: int) -> int:
        """The free part of the value: the allowance ends with whichever limit is reached first."""
        if not (self.free_actions or self.free_value) or (self.free_actions and before.actions >= self.free_actions):
            return 0
        return min(value, max(0, self.free_value - before.value)) if self.free_value else value

    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        worth = value or 0
        free = self._free_part(before, worth)
        if free:
            yield TierPart(FREE, free, 0)
        if worth == free:
            return
        percent, amount = share(worth - free, self.percent), self.price(before, 0, worth)
        yield TierPart(PAID, worth - free, percent)
        if self.fixed_fee:
            yield TierPart(FIXED_FEE, MICRO, self.fixed_fee)
        moved = amount - percent - self.fixed_fee
        if moved:
            yield TierPart(TO_MINIMUM if moved > 0 else TO_MAXIMUM, MICRO, moved)

    @property
    def borders(self) -> tuple[int, ...] | None:
        """None if the number of actions before, or a bound of each action's price, decides what falls into which part."""
        if self.free_actions or self.minimum is not None or self.maximum is not None:
            return None
        return after_free(self.free_value)

    def parts_together(self, some: Together, *, total: int | None = None) -> Iterator[TierPart]:
        if some.before < self.free_value:
            yield from Price.parts_together(self, some, total=total)
        elif some.counted:
            fees = self.fixed_fee * some.actions
            yield TierPart(PAID, some.counted, some.amount - fees)
            if fees:
                yield TierPart(FIXED_FEE, some.actions * MICRO, fees)

    @property
    def costs_anything(self) -> bool:
        return self.maximum != 0 and bool(self.percent or self.fixed_fee or self.minimum)

    @property
    def allowance(self) -> Counted:
        return Counted(self.free_actions, 0, self.free_value)

    @property
    def counts_actions(self) -> bool:
        return bool(self.free_actions)

    def worth(self, quantity: int, value: int | None) -> int:
        return self._of_value(value or 0) * MICRO

    def clause(self) -> Clause:
        return PercentOfValue(self.percent, self.fixed_fee, self.minimum, self.maximum)

    def allowances(self) -> Iterator[Clause]:
        if self.free_actions and self.free_value:
            yield FreeActionsOrValue(self.free_actions, self.free_value)
        elif self.free_actions:
            yield FreeActions(self.free_actions)
        elif self.free_value:
            yield FreeValue(self.free_value)

    def explained(self, case: Case) -> Iterator[Statement]:
        if not case.value:
            yield without_value(case)
            return
        of = {part.tier: part for part in self.parts(case.before, case.quantity, case.value)}
        yield from self._allowance_explained(case)
        if FREE in of:
            yield say("Free of charge: {value} of its value.", value=Money(of[FREE].counted))
        if PAID not in of:
            return
        fee = of.get(FIXED_FEE)
        yield say(
            "{percent} of {value} is {amount}{fee}.",
            percent=Percent(self.percent),
            value=Money(of[PAID].counted),
            amount=Money(of[PAID].amount),
            fee=say(", plus the fixed fee of {fee}", fee=Money(fee.amount)) if fee else NOTHING,
        )
        if TO_MINIMUM in of:
            yield say("At least {amount} is charged for an action.", amount=Money(case.full))
        elif TO_MAXIMUM in of:
            yield say("At most {amount} is charged for an action.", amount=Money(case.full))

    def _allowance_explained(self, case: Case) -> Iterator[Statement]:
        """How far the free allowance was used up, if there is one."""
        if self.free_actions:
            place, first = Count(case.before.actions + 1), Count(self.free_actions)
            yield say(
                "It is number {place} of this rule's actions in the period, and the first {first} are free."
                if self.free_actions > 1
                else "It is number {place} of this rule's actions in the period, and the first is free.",
                place=place,
                first=first,
            )
        if self.free_value:
            yield say(
                "The first {value} of the period's value is free until one of the two runs out."
                if self.free_actions
                else "The first {value} of the period's value is free.",
                value=Money(self.free_value),
            )
            yield counted(case)

    def row(self, part: int) -> Row:
        match part:
            case 0:
                return Row("free", is_money=True)
            case 1:
                return Row("paid", is_money=True, rate=Percent(self.percent))
            case 2:
                return Row("fixed_fee", rate=Money(self.fixed_fee))
            case 3:
                return Row("to_minimum", {"bound": Money(self.minimum or 0)})
            case _:
                return Row("to_maximum", {"bound": Money(self.maximum or 0)})
