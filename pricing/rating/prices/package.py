"""Each package that is started is charged in full."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from pricing.rating.amounts import MICRO, ZERO, Micro, paid_part
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Field, Given, Kind
from pricing.rating.prices.model import FREE, PAID, Case, Clause, Price, Row, TierPart, Together
from pricing.rating.prices.tiers import after_free
from pricing.rating.prices.units import FREE_UNITS, PriceOfUnits
from pricing.rating.statement import NOTHING, Money, Number, Statement, say

TOO_SMALL = "Package size must be greater than zero."


@dataclass(frozen=True, slots=True)
class Packages(Clause):
    """Each package that is started is charged in full."""

    size: int
    price: int
    free_units: int

    @property
    def statement(self) -> Statement:
        return say(
            "{price} per started package of {size} units in a period{beyond}",
            price=Money(self.price),
            size=Number(self.size),
            beyond=say(" beyond the free ones") if self.free_units else NOTHING,
        )


@dataclass(frozen=True, slots=True)
class Package(PriceOfUnits):
    """`P` per started block of `N` units; the action that starts a block carries its price."""

    code: ClassVar[str] = "package"
    title: ClassVar[str] = "Package"
    meaning: ClassVar[str] = "Each started package is charged in full."
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "package_size",
            Kind.UNITS,
            "Number of units in a package.",
            missing="Enter the number of units in a package.",
            negative=TOO_SMALL,
            is_positive=True,
        ),
        Field(
            "package_price",
            Kind.MONEY,
            "Price of each started package.",
            missing="Enter the price of a package, which can be 0.",
            negative="Price can't be negative.",
        ),
        FREE_UNITS,
    )
    rows = {**Price.rows, "paid": "packages of {size} started"}

    package_size: Micro
    package_price: Micro
    free_units: Micro = ZERO

    def __post_init__(self) -> None:
        if self.package_size <= 0:
            raise ValueError(TOO_SMALL)

    @classmethod
    def of(cls, given: Given) -> Self:
        return cls(given.needed("package_size"), given.needed("package_price"), given.amount("free_units"))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return self.package_price * (self._blocks(before.quantity + quantity) - self._blocks(before.quantity))

    def _blocks(self, quantity: int) -> int:
        return -(-paid_part(quantity, self.free_units) // self.package_size)

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        # At a price of one, the cost of the packages is the number started.
        started = replace(self, package_price=Micro(1)).price(before, quantity, None)
        if started:
            yield TierPart(PAID, started * MICRO, self.price(before, quantity, None))

    @property
    def borders(self) -> tuple[int, ...] | None:
        # What packages cost tells how many were started, unless they cost nothing.
        return after_free(self.free_units) if self.package_price else None

    def parts_together(self, some: Together, *, total: int | None = None) -> Iterator[TierPart]:
        if some.before < self.free_units:
            yield from Price.parts_together(self, some, total=total)
        elif some.amount:
            yield TierPart(PAID, some.amount // self.package_price * MICRO, some.amount)

    @property
    def costs_anything(self) -> bool:
        return self.package_price > 0

    def clause(self) -> Clause:
        return Packages(self.package_size, self.package_price, self.free_units)

    def explained(self, case: Case) -> Iterator[Statement]:
        yield self.counted(case)
        yield from self.free(case)
        low, high = self.paid(case.before, case.quantity)
        started = sum(part.counted for part in self.paid_of(case))
        size = Number(self.package_size)
        if started:
            yield say(
                "Packages of {size} started: {started} × {price} = {amount}.",
                size=size,
                started=Number(started),
                price=Money(self.package_price),
                amount=Money(case.full),
            )
        elif high > low or not case.quantity:
            yield say("It starts no new package of {size}, so it costs nothing.", size=size)

    def row(self, part: int) -> Row:
        if part == FREE:
            return Row("free")
        return Row("paid", {"size": Number(self.package_size)}, rate=Money(self.package_price))
