"""The interface of price models; each model has its own file, and other code uses the registry next to them.

Counted things and money are integers in micro-units. The cumulative models are a function `F` of what the rule has
counted in the period: an action costs `F(after) − F(before)`, so splitting a quantity never changes its price. The free
allowance comes first: `F(x)` is the price of `x` minus the allowance, and tiers and packages count the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

from pricing.rating.amounts import MICRO
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Fault, Field, Given
from pricing.rating.statement import Money, Percent, Quantity, Statement, say

# Parts that are not tiers, by number: the free allowance of every model, and the paid parts.
FREE = 0
PAID = 1  # units, packages started, or the value of which a percentage is taken
FIXED_FEE = 2
TO_MINIMUM = 3
TO_MAXIMUM = 4
KINDS = {FREE: "free", PAID: "paid", FIXED_FEE: "fixed_fee", TO_MINIMUM: "to_minimum", TO_MAXIMUM: "to_maximum"}


@dataclass(frozen=True, slots=True)
class Case:
    """One action under a price: what was counted before it, and the whole period's total."""

    before: Counted
    quantity: int
    value: int | None
    total: int  # the period's whole quantity, which only some prices need
    full: int  # what the action costs, before caps


class TierPart(NamedTuple):
    """The part of an action that fell into one tier (from 1; 0 is the free allowance), and the price of that part.

    `flat_fee` is the tier's flat fee included in the amount, if the action was the first in the tier.
    """

    tier: int
    counted: int
    amount: int
    flat_fee: int = 0


class Together(NamedTuple):
    """Actions that a rule charged between the same two borders, added up; `before` is what it had counted at the first.

    Only actions that count something are in `actions` and decide `before`. `amount` is their price before caps.
    """

    before: int
    actions: int
    counted: int
    amount: int


@dataclass(frozen=True, slots=True)
class Row:
    """The label of one part of a price below an invoice line: a key of its model's `rows` and the numbers in it."""

    kind: str
    numbers: Mapping[str, Quantity] = field(default_factory=dict)
    is_money: bool = False  # it counts money value
    rate: Money | Percent | None = None


class Clause(ABC):
    """One thing that a rule does: numbers, and the statement that contains all of them."""

    __slots__ = ()

    @property
    @abstractmethod
    def statement(self) -> Statement:
        """The clause in the rule's sentence."""


class Price(ABC):
    """A price of one of the models; its attributes have the names of its fields."""

    __slots__ = ()

    code: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    rows: ClassVar[Mapping[str, str]] = {"free": "free of charge"}
    # It applies to an action's money value, not to its quantity.
    is_of_value: ClassVar[bool] = False
    # The period's whole quantity decides the price of each action.
    needs_total: ClassVar[bool] = False
    # Without an allowance, each action's price is independent of the others, so "highest only" may compare them.
    stands_alone: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def of(cls, given: Given) -> Self:
        """The price from what was given; ValueError, with a sentence, if a part is missing or wrong."""

    @abstractmethod
    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        """The price of an action after what was counted before."""

    @abstractmethod
    def parts(
        self, before: Counted, quantity: int, value: int | None, *, total: int | None = None
    ) -> Iterator[TierPart]:
        """The parts that add up to an action's price; `total` is the period's whole quantity.

        Parts count units or money value, or how many packages or fees there are.
        """

    @property
    @abstractmethod
    def costs_anything(self) -> bool:
        """Whether it can ever be more than zero."""

    @abstractmethod
    def clause(self) -> Clause:
        """What it charges, except for what is free."""

    @abstractmethod
    def explained(self, case: Case) -> Iterator[Statement]:
        """Explain an action's price step by step."""

    @abstractmethod
    def row(self, part: int) -> Row:
        """How a part, by number, is shown below a line."""

    def price_within(self, total: int, before: Counted, quantity: int, value: int | None = None) -> int:
        """The price of an action in a period whose whole quantity is `total`."""
        return self.price(before, quantity, value)

    def allowances(self) -> Iterator[Clause]:
        """The free allowances at the start of a period, as clauses."""
        return iter(())

    @property
    def allowance(self) -> Counted:
        """The free allowances as counts."""
        return Counted()

    @property
    def counts_actions(self) -> bool:
        """Whether a price depends on the number of actions before."""
        return False

    @property
    def borders(self) -> tuple[int, ...] | None:
        """The counts at which another part of the price begins, from 0 up; None if each action is split by itself.

        An action that counts more than nothing, begins after a border and ends by the next one, falls into one part
        without a flat fee, so that such actions can be added up first: see `parts_together`. A model says so itself: one
        that inherits it and has a border of its own, such as a ceiling, would show wrong parts.
        """
        return None

    def parts_together(self, some: Together, *, total: int | None = None) -> Iterator[TierPart]:
        """The same as the parts of each of these actions, added up."""
        if not some.counted:
            return
        before = Counted(quantity=some.before, value=some.before)
        for part in self.parts(before, some.counted, some.counted, total=total):
            yield part._replace(amount=some.amount)

    @property
    def only_rate(self) -> int | None:
        """The unit price, if the whole price is quantity times unit price."""
        return None

    def worth(self, quantity: int, value: int | None) -> int:
        """The number that actions' prices are compared by, in millionths of micro-units, if the model stands alone."""
        return self.price(Counted(), quantity, value) * MICRO

    @classmethod
    def tiers_field(cls) -> Field | None:
        """The field that holds the model's tiers, if any."""
        return next((each for each in cls.fields if each.kind.is_tiers), None)

    @classmethod
    def faults(cls, given: Given) -> Iterator[Fault]:
        """Everything wrong with what was given, by field; tiers are checked by `tier_faults`."""
        for each in cls.fields:
            if not each.kind.is_tiers:
                yield from _field_faults(each, given.maybe(each.name))
        yield from cls.own_faults(given)

    @classmethod
    def own_faults(cls, given: Given) -> Iterator[Fault]:  # noqa: ARG003 -- models override this
        """What else may be wrong: fields that contradict each other."""
        return iter(())

    @classmethod
    def kind_of(cls, part: int) -> str:
        """The kind of a part, by number: `free`, `tier`, `paid` and so on."""
        return "tier" if part != FREE and cls.tiers_field() else KINDS[part]


def _field_faults(asked: Field, amount: int | None) -> Iterator[Fault]:
    if amount is None:
        if asked.missing:
            yield Fault(asked.name, "missing", say(asked.missing))
    elif asked.is_positive and amount <= 0:
        yield Fault(asked.name, "not_above_zero", say(asked.negative))
    elif amount < 0:
        yield Fault(asked.name, "negative", say(asked.negative))
