"""Read all inputs to rating from the database, as plain values."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from billing_engine.core.calendar.spans import months_of
from billing_engine.core.calendar.wall_clock import instant_of
from leads.domain.pseudonyms import with_hidden
from leads.models import BillingPeriod, Customer, CustomerTerms
from pricing.models import PriceRule, PriceTier
from pricing.rating.amounts import Micro
from pricing.rating.instants import Instant, moment, stretch
from pricing.rating.prices import MODELS, Field, Given, GivenTier, Kind, Price
from pricing.rating.unpriceable import Unpriceable
from pricing.rating.values import (
    CustomerFacts,
    CustomerId,
    KindId,
    LineageId,
    Once,
    ProductId,
    RuleFacts,
    RuleId,
    SourceId,
)


class Owner(NamedTuple):
    """A customer, or None for what all customers share, in one time zone and currency."""

    customer: int | None
    time_zone: str
    currency: str


def micro(amount: Decimal) -> Micro:
    """Convert a Decimal with up to six places to integer micro-units; an unsaved default may be a plain number."""
    return Micro(int(Decimal(amount).scaleb(6)))


def maybe_micro(amount: Decimal | None) -> Micro | None:
    """The same for a number that may be None."""
    return None if amount is None else micro(amount)


def wall_moment(wall: datetime, zone: ZoneInfo) -> Instant:
    """The instant of a wall-clock time in a customer's time zone, as rating takes it."""
    return moment(instant_of(wall, zone))


def period_facts(period: BillingPeriod, terms: CustomerTerms | None = None) -> CustomerFacts:
    """The period's customer as rating sees it, by the terms of its first day or, to try a change, by these.

    The monthly budget is prorated if the period is not a whole month.
    """
    facts, zone = customer_facts(period.customer, terms or period.customer_terms), period.customer.zone
    if facts.hard_budget is None:
        return facts
    months = months_of(period.start_at.astimezone(zone).date(), period.end_at.astimezone(zone).date())
    return replace(facts, hard_budget=Micro(int(facts.hard_budget * months)))


def customer_facts(customer: Customer, terms: CustomerTerms) -> CustomerFacts:
    """The customer as rating sees it by these terms, over a month; contract days start and end at its own midnight."""
    zone = customer.zone

    def midnight(day: datetime) -> Instant:
        return moment(day.replace(tzinfo=zone))

    first, last = terms.contract_from, terms.contract_to
    budget = terms.monthly_budget
    return CustomerFacts(
        id=CustomerId(customer.pk),
        currency=customer.currency,
        contract_start=midnight(datetime.combine(first, time.min)) if first else None,
        contract_end=midnight(datetime.combine(last + timedelta(days=1), time.min)) if last else None,
        excluded_domains=with_hidden(terms.excluded_domains),
        hard_budget=micro(budget) if terms.hard_budget and budget is not None else None,
    )


def rules_in_force(owners: Collection[Owner]) -> dict[Owner, list[RuleFacts]]:
    """Every rule of each owner in its currency, whenever it applies, with its start and end in the owner's time zone."""
    wanted = defaultdict[int | None, list[Owner]](list)
    for owner in owners:
        wanted[owner.customer].append(owner)
    of_one = Q(customer__in=[customer for customer in wanted if customer is not None])
    found = PriceRule.objects.in_force().filter(of_one | Q(customer=None) if None in wanted else of_one)
    rules = {owner: list[RuleFacts]() for owner in owners}
    for rule in _with_tiers(found):
        for owner in wanted[rule.customer_id]:
            if owner.currency == rule.currency:
                rules[owner].append(facts_in_force(rule, ZoneInfo(owner.time_zone)))
    return rules


def _with_tiers(rules: QuerySet[PriceRule]) -> list[PriceRule]:
    """Like `prefetch_related`, which costs more than the rules themselves."""
    found = list(rules)
    of = defaultdict[int, list[PriceTier]](list)
    for tier in PriceTier.objects.filter(rule__in=[rule.pk for rule in found]):
        of[tier.rule_id].append(tier)
    for rule in found:
        remember_tiers(rule, of[rule.pk])
    return found


def remember_tiers(rule: PriceRule, tiers: Sequence[PriceTier]) -> None:
    """Let the rule have these tiers without reading them."""
    rule._prefetched_objects_cache = {"tiers": tiers}  # type: ignore[attr-defined]  # noqa: SLF001 -- where Django keeps what was read ahead


def facts_in_force(rule: PriceRule, zone: ZoneInfo) -> RuleFacts:
    """The rule's values; if the rule is invalid, only the actions it wins can't be priced."""
    try:
        return rule_facts(rule, zone)
    except ValueError as error:
        words = f"The price rule {rule.name} (revision {rule.pk}) can't be used. {error}"
        return rule_facts(rule, zone, price=Unpriceable(words))


def rule_facts(rule: PriceRule, zone: ZoneInfo, *, price: Price | None = None) -> RuleFacts:
    """One revision of a rule, with its start and end in one time zone.

    `price` replaces the rule's own price; ValueError, with a sentence, if it has none.
    """
    return RuleFacts(
        id=RuleId(rule.pk),
        lineage=LineageId(rule.lineage),
        price=price_facts(rule) if price is None else price,
        currency=rule.currency,
        effective_from=wall_moment(rule.wall_from, zone),
        effective_to=None if rule.wall_to is None else wall_moment(rule.wall_to, zone),
        customer=None if rule.customer_id is None else CustomerId(rule.customer_id),
        product=None if rule.product_id is None else ProductId(rule.product_id),
        category=rule.category,
        source=None if rule.source_id is None else SourceId(rule.source_id),
        channel=rule.channel,
        action_type=None if rule.action_type_id is None else KindId(rule.action_type_id),
        priority=rule.priority,
        once=_once(rule),
        highest_only=rule.highest_only and price is None,
        cap_per_lead=maybe_micro(rule.cap_per_lead),
        cap_per_period=maybe_micro(rule.cap_per_period),
    )


def _once(rule: PriceRule) -> Once | None:
    if not rule.once_days:
        return None
    return Once(rule.once_per == PriceRule.Once.PERSON, stretch(timedelta(days=rule.once_days)))


def price_facts(rule: PriceRule) -> Price:
    """The rule's price; ValueError, with a sentence, if a part is missing or the tiers have no open end."""
    model = model_of(rule)
    return model.of(given_of(rule, model.fields))


def model_of(rule: PriceRule) -> type[Price]:
    """The rule's price model; ValueError if no model has this name."""
    if rule.price_model not in MODELS:
        raise ValueError(f"No price model is called “{rule.price_model}”.")
    return MODELS[rule.price_model]


def given_of(rule: PriceRule, fields: Sequence[Field]) -> Given:
    """The price fields from the rule's columns."""
    columns = [each for each in fields if not each.kind.is_tiers]
    tiers = [_tier(rule, each) for each in fields if each.kind.is_tiers]
    return Given({each.name: _amount(each, getattr(rule, each.name)) for each in columns}, *tiers)


def _amount(field: Field, stored: Decimal | int | None) -> int | None:
    if stored is None:
        return None
    return int(stored) if field.kind is Kind.ACTIONS else micro(Decimal(stored))


def _tier(rule: PriceRule, field: Field) -> list[GivenTier]:
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return [
        GivenTier(maybe_micro(tier.up_to), maybe_micro(getattr(tier, field.rate)), micro(tier.flat_fee))
        for tier in tiers
    ]
