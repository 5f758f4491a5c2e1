"""Convert the forms to the values that rating uses."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import CYCLES, Cycle
from billing_engine.core.calendar.wall_clock import instant_of, read
from leads.domain.identity import person_key
from pricing.files import forms
from pricing.rating.amounts import Micro
from pricing.rating.instants import Instant, moment, on_the_clock, stretch, wall_clock
from pricing.rating.prices import MODELS, Field, Given, GivenTier, Kind, Price
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    CustomerFacts,
    CustomerId,
    KindId,
    LineageId,
    Once,
    ProductFacts,
    ProductId,
    RuleFacts,
    RuleId,
    SourceFacts,
    SourceId,
)

PLACES = 6
ONE = 10**PLACES


class Customer(NamedTuple):
    """The customer as rating sees it, with its cycle and time zone."""

    facts: CustomerFacts
    zone: ZoneInfo
    kind: type[Cycle]


class Placed(NamedTuple):
    """An action with its customer and its cycle."""

    customer: str
    cycle: Cycle
    facts: ActionFacts
    product: ProductFacts
    source: SourceFacts


def micro(number: str) -> Micro:
    """`2.5` as 2500000."""
    whole, _, part = number.partition(".")
    return Micro(int(whole + part.ljust(PLACES, "0")))


def written(number: int) -> str:
    """2500000 as `2.500000`."""
    whole, part = divmod(abs(number), ONE)
    return f"{'-' if number < 0 else ''}{whole}.{part:0{PLACES}d}"


def customer_of(customer: forms.Customer) -> Customer:
    """The customer; its contract covers whole days in its own time zone."""
    zone = ZoneInfo(customer.time_zone)
    budget = customer.monthly_budget if customer.hard_budget else None
    # The last representable day means "no end": nothing comes after it.
    last = None if customer.contract_to is None else date.fromisoformat(customer.contract_to)
    facts = CustomerFacts(
        id=CustomerId(customer.code),
        currency=customer.currency,
        contract_start=None
        if customer.contract_from is None
        else midnight(date.fromisoformat(customer.contract_from), zone),
        contract_end=None if last in (None, date.max) else midnight(last + timedelta(days=1), zone),
        excluded_domains=frozenset(domain.lower() for domain in customer.excluded_domains),
        hard_budget=None if budget is None else micro(budget),
    )
    return Customer(facts, zone, CYCLES[customer.cycle])


def rule_facts(rule: forms.Rule) -> RuleFacts:
    """The rule, its times still wall-clock times; revisions of one lineage count together."""
    scope, once = rule.scope, rule.once
    return RuleFacts(
        id=RuleId(rule.id),
        lineage=LineageId(rule.lineage or rule.id),
        price=model_of(rule.price).of(given_of(rule.price)),
        currency=rule.currency,
        effective_from=on_the_clock(read(rule.effective_from)),
        effective_to=None if rule.effective_to is None else on_the_clock(read(rule.effective_to)),
        customer=None if scope.customer is None else CustomerId(scope.customer),
        product=None if scope.product is None else ProductId(scope.product),
        category=scope.category or "",
        source=None if scope.source is None else SourceId(scope.source),
        channel=scope.channel or "",
        action_type=None if scope.action_type is None else KindId(scope.action_type),
        priority=rule.priority,
        once=None if once is None else Once(per_person=once.per == "person", within=stretch(timedelta(days=once.days))),
        highest_only=rule.highest_only,
        cap_per_lead=_micro(rule.cap_per_lead),
        cap_per_period=_micro(rule.cap_per_period),
    )


def in_zone(rule: RuleFacts, zone: ZoneInfo) -> RuleFacts:
    """The rule with the instants at which it starts and ends in a time zone."""
    begin, end = rule.effective_from, rule.effective_to
    return replace(rule, effective_from=_in(zone, begin), effective_to=None if end is None else _in(zone, end))


def _in(zone: ZoneInfo, shown: Instant) -> Instant:
    """The instant of this wall-clock time in the zone."""
    return moment(instant_of(wall_clock(shown), zone))


def placed(action: forms.Action, customer: Customer, seen: dict[Any, Any]) -> Placed:
    """The action in its cycle; ValueError if its time does not exist. Repeated values are shared through `seen`."""
    kept = seen.setdefault
    try:
        occurred_at = datetime.fromisoformat(action.occurred_at).astimezone(UTC)
        cycle: Cycle = customer.kind.containing(occurred_at, customer.zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{action.occurred_at} does not exist: {error}") from error
    if action.period:
        cycle = Cycle.parse(action.period)
    person = action.person or ""
    product = ProductFacts(ProductId(action.product), action.category)
    source = SourceFacts(SourceId(action.source), action.channel)
    product, source = kept(product, product), kept(source, source)
    facts = ActionFacts(
        id=ActionId(action.id),
        lead=kept(action.lead, action.lead),
        # Anything that is not an email address still identifies a person, by its exact spelling.
        person=person_key(person) or person.strip().casefold(),
        # The same name with another category or channel is another thing.
        product=ProductId(product),
        source=SourceId(source),
        action_type=kept(action.type, action.type),
        occurred_at=moment(occurred_at),
        quantity=micro(action.quantity),
        value=_micro(action.value),
        is_test=action.is_test,
        is_voided=action.voided,
        is_waived=action.waived,
        is_disputed=action.disputed,
    )
    return Placed(kept(action.customer, action.customer), kept(cycle, cycle), facts, product, source)


def model_of(price: forms.Price) -> type[Price]:
    """The price model."""
    return MODELS[str(price.__struct_config__.tag)]


def given_of(price: forms.Price) -> Given:
    """The given values of the price."""
    fields = model_of(price).fields
    columns = [each for each in fields if not each.kind.is_tiers]
    tiers = [_tiers(getattr(price, each.name), each) for each in fields if each.kind.is_tiers]
    return Given({each.name: _amount(each, getattr(price, each.name)) for each in columns}, *tiers)


def _amount(field: Field, written: str | int | None) -> int | None:
    if written is None or field.kind is Kind.ACTIONS:
        return None if written is None else int(written)
    return micro(str(written))


def _tiers(tiers: list[forms.UnitTier] | list[forms.PercentTier], field: Field) -> list[GivenTier]:
    return [GivenTier(_micro(tier.up_to), micro(getattr(tier, field.rate)), micro(tier.flat_fee)) for tier in tiers]


def _micro(number: str | None) -> Micro | None:
    return None if number is None else micro(number)


def midnight(day: date, zone: ZoneInfo) -> Instant:
    """The instant at which the day starts in the zone."""
    return moment(datetime.combine(day, time.min, tzinfo=zone))
