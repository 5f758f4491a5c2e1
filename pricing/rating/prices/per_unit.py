"""Each unit has the same price."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from pricing.rating.amounts import HALF, MICRO, ZERO, Micro, between, paid_part
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Given, Kind
from pricing.rating.prices.model import FREE, PAID, Case, Clause, Price, Row, TierPart
from pricing.rating.prices.tiers import after_free
from pricing.rating.prices.units import FREE_UNITS, PriceOfUnits, product
from pricing.rating.statement import Money, Statement, say


@dataclass(frozen=True, slots=True)
class EachUnit(Clause):
    """Every unit has the same price."""

    unit_price: int

    @property
    def statement(self) -> Statement:
        return say("{price} each", price=Money(self.unit_price))


@dataclass(frozen=True, slots=True)
class PerUnit(PriceOfUnits):
    """`F(x) = x × unit price`."""

    code: ClassVar[str] = "per_unit"
    title: ClassVar[str] = "Per unit"
    meaning: ClassVar[str] = "Each unit has the same price."
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "unit_price",
            Kind.MONEY,
            "Price of each unit.",
            missing="Enter a unit price, which can be 0.",
            negative="Price can't be negative.",
        ),
        FREE_UNITS,
    )
    rows = {**Price.rows, "paid": "beyond the free ones", "whole": "full price"}
    stands_alone: ClassVar[bool] = True

    unit_price: Micro
    free_units: Micro = ZERO

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(given.needed("unit_price"), given.amount("free_units"))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        counted, each = before.quantity, self.unit_price
        if self.free_units:
            low = paid_part(counted, self.free_units)
            return between(low, paid_part(counted + quantity, self.free_units), each)
        # The same, inlined: this line runs once per action.
        low = counted * each + HALF
        return (low + quantity * each) // MICRO - low // MICRO

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        low, high = self.paid(before, quantity)
        yield TierPart(PAID, high - low, self.price(before, quantity, None))

    @property
    def borders(self) -> tuple[int, ...] | None:
        return after_free(self.free_units)

    @property
    def costs_anything(self) -> bool:
        return self.unit_price > 0

    @property
    def only_rate(self) -> int | None:
        return None if self.free_units else self.unit_price

    def worth(self, quantity: int, value: int | None) -> int:
        return quantity * self.unit_price  # exact, wherever in the period the action is

    def clause(self) -> Clause:
        return EachUnit(self.unit_price)

    def explained(self, case: Case) -> Iterator[Statement]:
        if self.free_units:
            yield self.counted(case)
            yield from self.free(case)
        for part in self.paid_of(case):
            yield product(part, self.unit_price)

    def row(self, part: int) -> Row:
        if part == FREE:
            return Row("free")
        return Row("paid" if self.free_units else "whole", rate=Money(self.unit_price))
