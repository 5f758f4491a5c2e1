"""Rows in, plain values out: everything rating is told, read from the database in one place."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import connection

from leads.models import ActionType, BillingPeriod, Customer, Product, Source
from pricing.models import PriceRule
from pricing.rating.facts import (
    ActionFacts,
    Catalogue,
    CustomerFacts,
    Graduated,
    PerUnit,
    Price,
    RuleFacts,
    Tier,
)

ROWS_AT_A_TIME = 5_000

ACTIONS_OF_A_PERIOD = """
    SELECT action.id, action.lead_id, split_part(lead.person_key, '@', -1), lead.product_id, lead.source_id,
           action.action_type_id, action.occurred_at, (action.quantity * 1000000)::bigint, lead.is_test,
           action.voided_at IS NOT NULL, waiver.action_id IS NOT NULL
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      LEFT JOIN pricing_waiver waiver ON waiver.action_id = action.id
     WHERE action.period_id = %s
     ORDER BY action.occurred_at, action.id
"""


def micro(amount: Decimal) -> int:
    """A Decimal of up to six places as an integer of micro-units."""
    return int(amount.scaleb(6))


def customer_facts(customer: Customer) -> CustomerFacts:
    """What rating knows of a customer; contract days begin and end at its own midnight."""
    zone = customer.zone

    def midnight(day: datetime) -> datetime:
        return day.replace(tzinfo=zone).astimezone(UTC)

    first, last = customer.contract_from, customer.contract_to
    budget = customer.monthly_budget
    return CustomerFacts(
        id=customer.pk,
        currency=customer.currency,
        contract_start=midnight(datetime.combine(first, time.min)) if first else None,
        contract_end=midnight(datetime.combine(last + timedelta(days=1), time.min)) if last else None,
        excluded_domains=frozenset(customer.excluded_domains),
        hard_budget=micro(budget) if customer.hard_budget and budget is not None else None,
    )


def rules_for(customer: Customer) -> list[RuleFacts]:
    """Every rule that could price an action of this customer, whenever it is or was in force."""
    return [rule_facts(rule) for rule in PriceRule.objects.in_force().open_to(customer).prefetch_related("tiers")]


def rule_facts(rule: PriceRule) -> RuleFacts:
    """One revision of a rule, with its price."""
    return RuleFacts(
        id=rule.pk,
        lineage=rule.lineage,
        price=price_facts(rule),
        currency=rule.currency,
        effective_from=rule.effective_from,
        effective_to=rule.effective_to,
        customer=rule.customer_id,
        product=rule.product_id,
        category=rule.category,
        source=rule.source_id,
        channel=rule.channel,
        action_type=rule.action_type_id,
        priority=rule.priority,
    )


def price_facts(rule: PriceRule) -> Price:
    """The rule's price model; ValueError where its tiers have no open end."""
    if rule.price_model == PriceRule.PriceModel.PER_UNIT:
        assert rule.unit_price is not None, "the database refuses a per-unit rule without a price"  # noqa: S101 -- tells mypy
        return PerUnit(micro(rule.unit_price))
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return Graduated(
        tuple(
            Tier(None if tier.up_to is None else micro(tier.up_to), micro(tier.unit_price), micro(tier.flat_fee))
            for tier in tiers
        )
    )


def catalogue_for(customer: Customer) -> Catalogue:
    """What the customer's products, every source and every action type are."""
    return Catalogue(
        category_of_product=dict(Product.objects.filter(customer=customer).values_list("pk", "category")),
        channel_of_source=dict(Source.objects.values_list("pk", "channel")),
        is_billable=dict(ActionType.objects.values_list("pk", "is_billable")),
    )


@contextmanager
def actions_of(period: BillingPeriod) -> Iterator[Iterable[ActionFacts]]:
    """The period's actions in rating order, streamed through a server-side cursor; inside a transaction only."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(ACTIONS_OF_A_PERIOD, [period.pk])
        yield _streamed(cursor)


def _streamed(cursor: object) -> Iterator[ActionFacts]:
    while rows := cursor.fetchmany(ROWS_AT_A_TIME):  # type: ignore[attr-defined]  # Django's cursor wrapper is untyped here
        yield from map(ActionFacts._make, rows)
