"""What rating knows and what it answers, as plain values.

Money, quantities, values and percents are integers in micro-units (1 = 0.000001): exact, and many times faster than
Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, NewType

from pricing.rating.amounts import Micro
from pricing.rating.highest import misfit_of
from pricing.rating.instants import Instant, Stretch
from pricing.rating.prices import Price

# An id is whatever names a thing: a number in the database, a text in files.
ActionId = NewType("ActionId", object)
LeadId = NewType("LeadId", object)
ProductId = NewType("ProductId", object)
SourceId = NewType("SourceId", object)
KindId = NewType("KindId", object)  # of an action type
CustomerId = NewType("CustomerId", object)
PeriodId = NewType("PeriodId", object)
RuleId = NewType("RuleId", object)
LineageId = NewType("LineageId", object)
Cuts = tuple[tuple[str, int], ...]  # caps that trimmed a price, in their order, and how much each took off


class ActionFacts(NamedTuple):
    """One action, as far as its price depends on it; actions come in the order (occurred_at, id)."""

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
    period: PeriodId | None = None  # where several are read in one go


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The customer whose period is rated; its contract is the half-open stretch [contract_start, contract_end)."""

    id: CustomerId
    currency: str
    contract_start: Instant | None = None
    contract_end: Instant | None = None
    excluded_domains: frozenset[str] = frozenset()
    hard_budget: Micro | None = None


class ProductFacts(NamedTuple):
    """What a rule's scope may ask of a product."""

    id: ProductId
    category: str


class SourceFacts(NamedTuple):
    """What a rule's scope may ask of a source."""

    id: SourceId
    channel: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the products, sources and action types named by actions are."""

    products: Mapping[ProductId, ProductFacts]
    sources: Mapping[SourceId, SourceFacts]
    is_billable: Mapping[KindId, bool]


@dataclass(frozen=True, slots=True)
class Once:
    """Charge once per lead, or per person, and action type within a stretch of time."""

    per_person: bool
    within: Stretch


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One revision of a price rule; what its scope leaves None (or empty) is open. Effective [from, to)."""

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
        if self.highest_only and (misfit := misfit_of(self.price)):
            raise ValueError(misfit)


class Decision(NamedTuple):
    """What became of one action: charged by `rule`, excluded for `reason`, or, with neither, unrated.

    `cuts` is what caps took off the full price; `counted_before` and `value_before` are what the rule had counted before
    it; `paid_by` is the action whose charge an `already_charged` one duplicates, or the highest-priced of a `not_highest`.
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
