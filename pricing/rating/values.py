"""The inputs and results of rating, as plain values.

Money, quantities, values and percents are integers in micro-units (1 = 0.000001): exact, and many times faster than
Decimal.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple, NewType, TypeVar

from pricing.rating.amounts import Micro
from pricing.rating.highest import conflict_of
from pricing.rating.instants import Instant, Stretch
from pricing.rating.prices import Price

# An id can be anything that identifies: a number in the database, a string in files.
ActionId = NewType("ActionId", object)
LeadId = NewType("LeadId", object)
ProductId = NewType("ProductId", object)
SourceId = NewType("SourceId", object)
KindId = NewType("KindId", object)  # of an action type
CustomerId = NewType("CustomerId", object)
PeriodId = NewType("PeriodId", object)
RuleId = NewType("RuleId", object)
LineageId = NewType("LineageId", object)
Fact = TypeVar("Fact")
Cuts = tuple[tuple[str, int], ...]  # caps that trimmed a price, in order, and what each cut off


_begin = itemgetter(0)


class ActionFacts(NamedTuple):
    """One action, as far as its price depends on it; actions are ordered by (occurred_at, id)."""

    id: ActionId
    lead: LeadId
    person: str
    product: ProductId
    source: SourceId
    action_type: KindId
    occurred_at: Instant
    quantity: Micro
    value: Micro | None = None
    is_test: bool = False
    is_voided: bool = False
    is_waived: bool = False
    is_disputed: bool = False
    period: PeriodId | None = None  # if several are read at once


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The customer whose period is rated; its contract is the half-open range [contract_start, contract_end)."""

    id: CustomerId
    currency: str
    contract_start: Instant | None = None
    contract_end: Instant | None = None
    excluded_domains: frozenset[str] = frozenset()
    hard_budget: Micro | None = None


class ProductFacts(NamedTuple):
    """The product attributes that a rule's scope can use."""

    id: ProductId
    category: str


class SourceFacts(NamedTuple):
    """The source attributes that a rule's scope can use."""

    id: SourceId
    channel: str


Changes = Sequence[tuple[Instant, Fact]]  # what a fact became at each instant, in order


@dataclass(frozen=True, slots=True)
class Catalog:
    """The products, sources and action types that actions refer to, as they were first, and what changed later.

    Few facts ever change, so changes are kept apart: rating looks for them only where there are some.
    """

    products: Mapping[ProductId, ProductFacts]
    sources: Mapping[SourceId, SourceFacts]
    is_billable: Mapping[KindId, bool]
    products_later: Mapping[ProductId, Changes[ProductFacts]] = field(default_factory=dict)
    sources_later: Mapping[SourceId, Changes[SourceFacts]] = field(default_factory=dict)
    is_billable_later: Mapping[KindId, Changes[bool]] = field(default_factory=dict)

    def product_of(self, action: ActionFacts) -> ProductFacts:
        """The action's product, as it was when the action occurred."""
        product = action.product
        return _at(action.occurred_at, self.products[product], self.products_later.get(product, ()))

    def source_of(self, action: ActionFacts) -> SourceFacts:
        """The action's source, as it was when the action occurred."""
        source = action.source
        return _at(action.occurred_at, self.sources[source], self.sources_later.get(source, ()))

    def bills(self, action: ActionFacts) -> bool:
        """Whether the action's type was billable when the action occurred."""
        kind = action.action_type
        return _at(action.occurred_at, self.is_billable[kind], self.is_billable_later.get(kind, ()))


def _at(instant: Instant, first: Fact, later: Changes[Fact]) -> Fact:
    started = bisect_right(later, instant, key=_begin)
    return later[started - 1][1] if started else first


@dataclass(frozen=True, slots=True)
class Once:
    """Charge once per lead or person and action type within a time range."""

    per_person: bool
    within: Stretch


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One revision of a price rule; scope values that are None (or empty) are open. Effective [from, to)."""

    id: RuleId
    lineage: LineageId
    price: Price
    currency: str
    effective_from: Instant
    effective_to: Instant | None = None
    customer: CustomerId | None = None
    product: ProductId | None = None
    category: str = ""
    source: SourceId | None = None
    channel: str = ""
    action_type: KindId | None = None
    priority: int = 0
    once: Once | None = None
    highest_only: bool = False
    cap_per_lead: Micro | None = None
    cap_per_period: Micro | None = None

    def __post_init__(self) -> None:
        if self.highest_only and (conflict := conflict_of(self.price)):
            raise ValueError(conflict)


class Decision(NamedTuple):
    """The result for one action: charged by `rule`, excluded for `reason`, or, with neither, unrated.

    `cuts` is what caps cut from the full price; `counted_before` and `value_before` are what the rule had counted
    before it; `paid_by` is the action whose charge an `already_charged` one duplicates, or the highest-priced action of
    a `not_highest` one.
    """

    action: ActionId
    rule: RuleId | None
    reason: str
    amount: int = 0
    full_amount: int = 0
    cuts: Cuts = ()
    counted_before: int = 0
    value_before: int = 0
    paid_by: ActionId | None = None

    @property
    def is_unrated(self) -> bool:
        return self.rule is None and not self.reason
