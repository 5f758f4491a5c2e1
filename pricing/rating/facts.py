"""What rating knows and what it answers, as plain values.

Money and quantities are integers in micro-units (1 = 0.000001): exact, and many times faster than Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

MICRO = 1_000_000


class ActionFacts(NamedTuple):
    """One action, as far as its price depends on it; actions come in the order (occurred_at, id)."""

    id: int
    lead: int
    email_domain: str
    product: int
    source: int
    action_type: int
    occurred_at: datetime
    quantity: int
    is_test: bool
    is_voided: bool
    is_waived: bool


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The customer whose period is rated; its contract is the half-open stretch [contract_start, contract_end)."""

    id: int
    currency: str
    contract_start: datetime | None = None
    contract_end: datetime | None = None
    excluded_domains: frozenset[str] = frozenset()
    hard_budget: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What products, sources and action types are, where a rule may ask for it."""

    category_of_product: Mapping[int, str]
    channel_of_source: Mapping[int, str]
    is_billable: Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price: (the tier before, up_to]; `up_to` None has no end. Micro-units."""

    up_to: int | None
    unit_price: int
    flat_fee: int = 0


@dataclass(frozen=True, slots=True)
class PerUnit:
    """`q × unit price`."""

    unit_price: int


@dataclass(frozen=True, slots=True)
class Graduated:
    """`F(c + q) − F(c)` over tiers, ascending, the last one open."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        ends = [tier.up_to for tier in self.tiers]
        bounded = [end for end in ends if end is not None]
        if not ends or ends[-1] is not None or len(bounded) != len(ends) - 1 or bounded != sorted(set(bounded)):
            raise ValueError("Tiers ascend, and the last one has no end.")


Price = PerUnit | Graduated


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One revision of a price rule; what its scope leaves None (or empty) is open. Effective [from, to)."""

    id: int
    lineage: int
    price: Price
    currency: str
    effective_from: datetime
    effective_to: datetime | None = None
    customer: int | None = None
    product: int | None = None
    category: str = ""
    source: int | None = None
    channel: str = ""
    action_type: int | None = None
    priority: int = 0


@dataclass(slots=True)
class Counters:
    """What rating has counted so far in the period; starts empty, or with what was carried over."""

    quantity: dict[int, int] = field(default_factory=dict)  # by the rule's lineage
    charged: int = 0


class Decision(NamedTuple):
    """What became of one action: charged by `rule`, excluded for `reason`, or, with neither, unrated."""

    action: int
    rule: int | None
    reason: str
    amount: int
    full_amount: int
    cap: str
    quantity_before: int

    @property
    def is_unrated(self) -> bool:
        return self.rule is None and not self.reason
