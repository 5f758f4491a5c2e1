"""What every price model answers; each has a file of its own, and everybody else asks the registry beside them.

Counted things and money are integers in micro-units. The cumulative models are a function `F` of what the rule has counted
in the period: an action costs `F(after) − F(before)`, so splitting a quantity never changes its price. A free allowance
comes before everything: `F(x)` is what `x` less the allowance costs, and tiers and packages count what is left.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

from pricing.rating.amounts import MICRO
from pricing.rating.prices.fields import Fault, Field, Given
from pricing.rating.statement import Money, Percent, Quantity, Statement, say

# What is not a tier, by number: the free allowance of every model, and what the others are made of.
FREE = 0
PAID = 1  # units, started packages, or the value of which a percentage is taken
FIXED_FEE = 2
TO_MINIMUM = 3
TO_MAXIMUM = 4
KINDS = {FREE: "free", PAID: "paid", FIXED_FEE: "fixed_fee", TO_MINIMUM: "to_minimum", TO_MAXIMUM: "to_maximum"}


@dataclass(slots=True)
class Counted:
    """What a rule has counted in the period: actions, units, money value. Micro-units, but for the actions."""

    actions: int = 0
    quantity: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One action under a price: what was counted before it, and what the whole period comes to."""

    before: Counted
    quantity: int
    value: int | None
    total: int  # the period's whole quantity, which only some prices ask for
    full: int  # what the action costs, before caps


class TierPart(NamedTuple):
    """What of an action fell into one tier (counted from 1; 0 is the free allowance), and what that part costs.

    `flat_fee` is what of the amount is the tier's flat fee: the action is the one that entered the tier.
    """

    tier: int
    counted: int
    amount: int
    flat_fee: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """What one part of a price is called beneath an invoice line: a key of its model's `rows` and that text's numbers."""

    kind: str
    numbers: Mapping[str, Quantity] = field(default_factory=dict)
    is_money: bool = False  # what it counts is money value
    rate: Money | Percent | None = None


class Clause(ABC):
    """One thing that a rule does: numbers, and the statement that says all of them."""

    __slots__ = ()

    @property
    @abstractmethod
    def statement(self) -> Statement:
        """As the rule's sentence says it."""


class Price(ABC):
    """A price, of one of the models; its attributes are called as its fields are."""

    __slots__ = ()

    code: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    rows: ClassVar[Mapping[str, str]] = {"free": "free of charge"}
    # It is of an action's money value, not of its quantity.
    is_of_value: ClassVar[bool] = False
    # The period's whole quantity decides what each action costs.
    needs_total: ClassVar[bool] = False
    # Without an allowance each action has its price by itself, whatever came before it: "highest only" may compare them.
    stands_alone: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def of(cls, given: Given) -> Self:
        """The price that was given; ValueError, in words, where a part is missing or wrong."""

    @abstractmethod
    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        """What an action costs after what was counted before."""

    @abstractmethod
    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        """The parts of what an action costs, which add up to it; `total` is the period's whole quantity.

        Counted are units or money value, and for the rest (packages, fees) how many.
        """

    @property
    @abstractmethod
    def costs_anything(self) -> bool:
        """Whether it can ever come to more than nothing."""

    @abstractmethod
    def clause(self) -> Clause:
        """What it charges, but for what is free."""

    @abstractmethod
    def explained(self, case: Case) -> Iterator[Statement]:
        """Step by step, why an action costs what it does."""

    @abstractmethod
    def row(self, part: int) -> Row:
        """How a part of it, by number, is shown beneath a line."""

    def price_within(self, total: int, before: Counted, quantity: int, value: int | None = None) -> int:
        """What an action costs in a period whose whole quantity is `total`."""
        return self.price(before, quantity, value)

    def allowances(self) -> Iterator[Clause]:
        """What is free at the start of a period."""
        return iter(())

    @property
    def allowance(self) -> Counted:
        """The same, as counts."""
        return Counted()

    @property
    def counts_actions(self) -> bool:
        """Whether a price depends on how many actions came before."""
        return False

    @property
    def only_rate(self) -> int | None:
        """The unit price, where it is all there is: quantity times it is the whole price."""
        return None

    def worth(self, quantity: int, value: int | None) -> int:
        """What an action's price is compared by, in millionths of micro-units, where the model stands alone."""
        return self.price(Counted(), quantity, value) * MICRO

    @classmethod
    def tiers_field(cls) -> Field | None:
        """The field that holds its tiers, if it has them."""
        return next((each for each in cls.fields if each.kind.is_tiers), None)

    @classmethod
    def faults(cls, given: Given) -> Iterator[Fault]:
        """All that is wrong with what was given, field by field; tiers are looked at by `tier_faults`."""
        for each in cls.fields:
            if not each.kind.is_tiers:
                yield from _field_faults(each, given.maybe(each.name))
        yield from cls.own_faults(given)

    @classmethod
    def own_faults(cls, given: Given) -> Iterator[Fault]:  # noqa: ARG003 -- what models override asks of it
        """What else may be wrong: fields that do not go together."""
        return iter(())

    @classmethod
    def kind_of(cls, part: int) -> str:
        """What a part of it, by number, is: `free`, `tier`, `paid` and so on."""
        return "tier" if part != FREE and cls.tiers_field() else KINDS[part]


def _field_faults(asked: Field, amount: int | None) -> Iterator[Fault]:
    if amount is None:
        if asked.missing:
            yield Fault(asked.name, "missing", say(asked.missing))
    elif asked.is_positive and amount <= 0:
        yield Fault(asked.name, "not_above_zero", say(asked.negative))
    elif amount < 0:
        yield Fault(asked.name, "negative", say(asked.negative))
