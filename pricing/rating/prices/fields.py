"""The fields of a price, the same for forms, files and spreadsheets, and the errors in what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from pricing.rating.amounts import ZERO, Micro
from pricing.rating.prices.tiers import Tier
from pricing.rating.statement import Statement


class Kind(Enum):
    """What kind of value a field holds."""

    MONEY = "money"
    UNITS = "units"
    PERCENT = "percent"
    ACTIONS = "actions"  # a whole number
    UNIT_TIERS = "unit_tiers"  # steps of units, each with a unit price
    VALUE_TIERS = "value_tiers"  # steps of money value, each with a percent

    @property
    def is_tiers(self) -> bool:
        return self in (Kind.UNIT_TIERS, Kind.VALUE_TIERS)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a price.

    `missing` and `negative` are the messages for a required value that is missing and for a value below zero (or not
    above zero, if `is_positive`). An optional value that was not given is zero, or open if it `may_be_open`.
    """

    name: str
    kind: Kind
    meaning: str
    missing: str = ""
    negative: str = ""
    is_positive: bool = False
    may_be_open: bool = False
    is_allowance: bool = False

    @property
    def is_required(self) -> bool:
        return bool(self.missing)

    @property
    def label(self) -> str:
        """`unit price`."""
        return self.name.replace("_", " ")

    @property
    def rate(self) -> str:
        """The rate of each tier: `unit_price` or `percent`."""
        return {Kind.UNIT_TIERS: "unit_price", Kind.VALUE_TIERS: "percent"}.get(self.kind, "")


class GivenTier(NamedTuple):
    """A tier as it was given; its rate may be missing."""

    up_to: Micro | None
    rate: Micro | None
    flat_fee: Micro = ZERO


@dataclass(frozen=True, slots=True)
class Given:
    """The given values of a price by field name, in micro-units or whole actions."""

    amounts: Mapping[str, int | None]
    tiers: Sequence[GivenTier] = ()

    def count(self, name: str) -> int:
        """An optional number of actions; zero if not given."""
        return self.amounts.get(name) or 0

    def amount(self, name: str) -> Micro:
        """An optional amount; zero if not given."""
        return Micro(self.amounts.get(name) or 0)

    def maybe(self, name: str) -> Micro | None:
        """An optional amount that may be open."""
        found = self.amounts.get(name)
        return None if found is None else Micro(found)

    def needed(self, name: str) -> Micro:
        """A required amount; ValueError, with a sentence, if it is missing."""
        found = self.amounts.get(name)
        if found is None:
            raise ValueError(f"The {name.replace('_', ' ')} is missing.")
        return Micro(found)

    def steps(self, field: Field) -> tuple[Tier, ...]:
        """The tiers; ValueError, with a sentence, if a rate is missing."""
        return tuple(Tier(tier.up_to, _rate(tier, field), tier.flat_fee) for tier in self.tiers)


def _rate(tier: GivenTier, field: Field) -> Micro:
    if tier.rate is None:
        raise ValueError(f"The {field.rate.replace('_', ' ')} of a tier is missing.")
    return tier.rate


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: a code for programs, a statement for people."""

    field: str
    code: str
    statement: Statement
