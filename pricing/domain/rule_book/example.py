"""Price an example action with the rating function, and tell which rule wins, over which others and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from billing_engine.core.calendar.wall_clock import instant_of, local_time
from billing_engine.core.errors import Refused
from leads.models import (
    Action,
    ActionType,
    BillingPeriod,
    Customer,
    CustomerTerms,
    Product,
    ProductRevision,
    Source,
    SourceRevision,
)
from leads.models.action import billable_on
from leads.models.revision import fact_on
from pricing.domain.audit.explain import lost_to
from pricing.domain.audit.explain_price import sentences_of
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import customer_facts, maybe_micro, micro, price_facts, rule_facts
from pricing.domain.rule_book.drafts import as_if_active
from pricing.domain.scope.effective import UTC_ZONE
from pricing.models import Charge, PriceRule
from pricing.rating.counters import Counters
from pricing.rating.instants import moment
from pricing.rating.match import RuleBook
from pricing.rating.period import rate_period
from pricing.rating.prices import Counted
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    Catalog,
    CustomerFacts,
    Decision,
    KindId,
    LeadId,
    ProductFacts,
    ProductId,
    RuleFacts,
    SourceFacts,
    SourceId,
)

RELATED = ("customer", "product", "source", "action_type")
A_DAY = timedelta(days=1)
NOON = time(12)
# A rule may begin in the year 9999; examples stay where every zone has the days before and after.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """An example action; `counted` is what its rule had counted in the period before (units or value)."""

    product: Product
    source: Source
    action_type: ActionType
    occurred_at: datetime
    quantity: Decimal = Decimal(1)
    value: Decimal | None = None
    counted: Decimal = Decimal(0)
    terms: CustomerTerms | None = None  # to try a change: instead of the terms in force on that day

    @property
    def customer(self) -> Customer:
        return self.product.customer

    @property
    def day(self) -> date:
        return self.occurred_at.astimezone(self.customer.zone).date()

    @property
    def category(self) -> str:
        return self.product.facts_on(self.day).category

    @property
    def channel(self) -> str:
        return self.source.facts_on(self.day).channel


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks of an example; the rule's scope fills in the rest."""

    product: Product | None = None
    source: Source | None = None
    action_type: ActionType | None = None
    occurred_on: date | None = None
    quantity: Decimal | None = None
    value: Decimal | None = None
    counted: Decimal | None = None


class NothingToPrice(Refused):
    """An example needs a product, a source and an action type."""

    code = "nothing_to_price"


@dataclass(frozen=True, slots=True)
class Loser:
    """A rule that also matched, and what it lost on."""

    rule: PriceRule
    lost_on: str


@dataclass(frozen=True, slots=True)
class Priced:
    """What the example would cost and by which rule; without a rule it is unrated, with a reason it is excluded."""

    amount: Decimal
    reason: str
    winner: PriceRule | None
    losers: list[Loser]
    sentences: list[str]


def products_of(rule: PriceRule, *, day: date) -> QuerySet[Product]:
    """The products in the rule's scope on a day."""
    found = Product.objects.select_related("customer")
    if rule.product_id:
        return found.filter(pk=rule.product_id)
    found = found.filter(customer__currency=rule.currency)
    if rule.customer_id:
        found = found.filter(customer=rule.customer_id)
    if rule.category:
        found = found.annotate(category=fact_on(ProductRevision, "category", day)).filter(category=rule.category)
    return found.order_by("sku", "pk")


def example_within(rule: PriceRule, wanted: Wanted, *, at: datetime) -> Example:
    """The requested example, completed from the rule's scope, at noon of its day. Raises NothingToPrice."""
    day = wanted.occurred_on or _within(rule, UTC_ZONE, at).date()
    product = wanted.product or products_of(rule, day=day).first()
    source = wanted.source or rule.source or _sources_of(rule, day).first()
    kind = wanted.action_type or rule.action_type or billable_on(day).order_by("pk").first()
    if product is None or source is None or kind is None:
        missing = "product" if product is None else "source" if source is None else "action type"
        raise NothingToPrice(f"There is no {missing} yet for this rule to price.")
    zone = product.customer.zone
    return Example(
        product=product,
        source=source,
        action_type=kind,
        occurred_at=noon_of(day, zone) if wanted.occurred_on else _within(rule, zone, at),
        quantity=Decimal(1) if wanted.quantity is None else wanted.quantity,
        value=wanted.value,
        counted=wanted.counted or Decimal(0),
    )


def _sources_of(rule: PriceRule, day: date) -> QuerySet[Source]:
    found = Source.objects.annotate(channel=fact_on(SourceRevision, "channel", day)).order_by("pk")
    return found.filter(channel=rule.channel) if rule.channel else found


def _within(rule: PriceRule, zone: ZoneInfo, at: datetime) -> datetime:
    """Now, if the rule prices current actions of the customer; otherwise when it starts there."""
    is_over = rule.wall_to is not None and instant_of(rule.wall_to, zone) <= at
    begin = instant_of(rule.wall_from, zone)
    return within_the_calendar(begin if is_over or begin > at else at)


def noon_of(day: date, zone: ZoneInfo) -> datetime:
    """Noon of the day there; of a day at either end of the calendar, noon of the last one with days around it."""
    return datetime.combine(min(max(day, EARLIEST.date()), LATEST.date()), NOON, tzinfo=zone)


def within_the_calendar(at: datetime) -> datetime:
    """The instant, or the last one that has days around it."""
    return min(max(at, EARLIEST), LATEST)


def price_example(example: Example, *, draft: PriceRule | None = None) -> Priced:
    """The example's price with the rules in force and a draft (saved or not).

    Only rules that could price this action are read, because a rule book may hold thousands.
    """
    rules, zone = list(_rules_for(example)), example.customer.zone
    facts = [rule_facts(rule, zone) for rule in rules]
    if draft is not None:
        facts, rules = as_if_active(facts, [draft], zone=zone), [*rules, draft]
    by_id = {rule.pk: rule for rule in rules}
    matching = RuleBook(facts, _customer(example), catalog_of(example)).matching(_action(example))
    decision = decide(example, facts, winner=matching[0] if matching else None)
    winner = by_id[decision.rule] if decision.rule is not None else None
    losers = [Loser(by_id[rule.id], lost_to(matching[0], rule)) for rule in matching[1:]]
    words = [] if winner is None else _sentences(example, winner, decision)
    return Priced(to_decimal(decision.amount), decision.reason, winner, losers, words)


def decide(example: Example, rules: Sequence[RuleFacts], *, winner: RuleFacts | None) -> Decision:
    """What rating decides for the example as the next action of its rule in the period."""
    carried = Counters()
    if winner is not None and example.counted:
        counted = micro(example.counted)
        is_of_value = winner.price.is_of_value
        carried.counted[winner.lineage] = Counted(1, 0, counted) if is_of_value else Counted(1, counted, 0)
    actions = [_action(example)]
    (decision,) = rate_period(
        actions, customer=_customer(example), rules=rules, catalog=catalog_of(example), carried=carried
    )
    return decision


def catalog_of(example: Example) -> Catalog:
    """The example's product, source and action type as rating sees them, on its day."""
    product, source, kind = example.product, example.source, example.action_type
    return Catalog(
        products={ProductId(product.pk): ProductFacts(ProductId(product.pk), example.category)},
        sources={SourceId(source.pk): SourceFacts(SourceId(source.pk), example.channel)},
        is_billable={KindId(kind.pk): kind.facts_on(example.day).is_billable},
    )


def _rules_for(example: Example) -> Any:
    """The rules in force around that day whose scope matches."""
    product, source = example.product, example.source
    # Clocks change by a day at most; rating finds which of these were in force at the exact instant.
    clock = local_time(example.occurred_at, example.customer.zone)
    return (
        PriceRule.objects.in_force()
        .open_to(example.customer)
        .filter(
            Q(wall_to=None) | Q(wall_to__gt=clock - A_DAY),
            Q(product=None) | Q(product=product),
            Q(category="") | Q(category=example.category),
            Q(source=None) | Q(source=source),
            Q(channel="") | Q(channel=example.channel),
            Q(action_type=None) | Q(action_type=example.action_type),
            wall_from__lte=clock + A_DAY,
        )
        .select_related(*RELATED)
        .prefetch_related("tiers")
    )


def _customer(example: Example) -> CustomerFacts:
    """The customer by the terms of the example's day, in a month that begins on it."""
    customer = example.customer
    return customer_facts(customer, example.terms or customer.terms.on(customer.day_of(example.occurred_at)))


def _action(example: Example) -> ActionFacts:
    return ActionFacts(
        id=ActionId(0),
        lead=LeadId(0),
        person="",
        product=ProductId(example.product.pk),
        source=SourceId(example.source.pk),
        action_type=KindId(example.action_type.pk),
        occurred_at=moment(example.occurred_at),
        quantity=micro(example.quantity),
        value=maybe_micro(example.value),
    )


def _sentences(example: Example, winner: PriceRule, decision: Decision) -> list[str]:
    if decision.reason:
        return []
    charge = Charge(
        action=Action(quantity=example.quantity, value=example.value),
        period=BillingPeriod(customer=example.customer),
        full_amount=to_decimal(decision.full_amount),
        quantity_before=to_decimal(decision.counted_before),
        value_before=to_decimal(decision.value_before),
    )
    before = Counted(1 if example.counted else 0, decision.counted_before, decision.value_before)
    total = decision.counted_before + micro(example.quantity)
    words, _ = sentences_of(charge, price_facts(winner), before, total=total)
    return words
