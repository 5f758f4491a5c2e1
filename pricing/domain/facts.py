"""Rows in, plain values out: everything rating is told, read from the database in one place."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from leads.models import ActionType, BillingPeriod, Customer, Product, Source
from pricing.models import PriceRule
from pricing.rating.facts import (
    ActionFacts,
    Catalogue,
    CustomerFacts,
    Once,
    ProductFacts,
    RuleFacts,
    SourceFacts,
)
from pricing.rating.prices import (
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    Volume,
)

ROWS_AT_A_TIME = 5_000

# OFFSET 0 keeps the planner from reading all leads there are for the few of one period: each is looked up by its key.
ACTIONS_OF_A_PERIOD = """
    SELECT action.id, action.lead_id, lead.person_key, lead.product_id, lead.source_id, action.action_type_id,
           action.occurred_at, (action.quantity * 1000000)::bigint, (action.value * 1000000)::bigint, lead.is_test,
           action.voided_at IS NOT NULL, waiver.action_id IS NOT NULL
      FROM leads_action action
      JOIN LATERAL (SELECT * FROM leads_lead WHERE id = action.lead_id OFFSET 0) lead ON TRUE
      LEFT JOIN pricing_waiver waiver ON waiver.action_id = action.id
     WHERE action.period_id = %(period)s AND {after}
     ORDER BY action.occurred_at, action.id
"""


def micro(amount: Decimal) -> int:
    """A Decimal of up to six places as an integer of micro-units."""
    return int(amount.scaleb(6))


def maybe_micro(amount: Decimal | None) -> int | None:
    """The same, where there may be none."""
    return None if amount is None else micro(amount)


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
        once=Once(rule.once_per == PriceRule.Once.PERSON, timedelta(days=rule.once_days)) if rule.once_days else None,
        highest_only=rule.highest_only,
        cap_per_lead=maybe_micro(rule.cap_per_lead),
        cap_per_period=maybe_micro(rule.cap_per_period),
    )


def price_facts(rule: PriceRule) -> Price:
    """The rule's price; ValueError, in words, where a part of it is missing or its tiers have no open end."""
    return _PRICES[PriceRule.PriceModel(rule.price_model)](rule)


def catalogue_for(customer: Customer) -> Catalogue:
    """What the customer's products, every source and every action type are."""
    products = Product.objects.filter(customer=customer).values_list("pk", "category")
    return Catalogue(
        products={pk: ProductFacts(pk, category) for pk, category in products},
        sources={pk: SourceFacts(pk, channel) for pk, channel in Source.objects.values_list("pk", "channel")},
        is_billable=dict(ActionType.objects.values_list("pk", "is_billable")),
    )


Place = tuple[datetime, int]  # when an action occurred, and its id: its place in rating order


@dataclass(slots=True)
class StoredActions(Iterable[ActionFacts]):
    """A period's actions in rating order, streamed through a server-side cursor as often as they are gone through.

    All of them, or those `after` a place; afterwards `last` is the place of the last one, or still `after`.

    Inside a transaction only, in which the period's lock keeps them from being rated by somebody else.
    """

    period: BillingPeriod
    after: Place | None = None
    last: Place | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[ActionFacts]:
        after = "(action.occurred_at, action.id) > (%(at)s, %(id)s)" if self.after else "TRUE"
        self.last = self.after
        at, action = self.after or (None, None)
        with connection.chunked_cursor() as cursor:
            sql = ACTIONS_OF_A_PERIOD.format(after=after)
            cursor.execute(sql, {"period": self.period.pk, "at": at, "id": action})
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                self.last = rows[-1][6], rows[-1][0]
                yield from map(ActionFacts._make, rows)


def _needed(amount: Decimal | None, name: str) -> int:
    if amount is None:
        raise ValueError(f"The {name} is missing.")
    return micro(amount)


def _tiers(rule: PriceRule, *, of_value: bool = False) -> tuple[Tier, ...]:
    rate, name = ("percent", "percent of a tier") if of_value else ("unit_price", "unit price of a tier")
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return tuple(
        Tier(maybe_micro(tier.up_to), _needed(getattr(tier, rate), name), micro(tier.flat_fee)) for tier in tiers
    )


def _percentage(rule: PriceRule) -> Percentage:
    return Percentage(
        percent=_needed(rule.percent, "percent"),
        fixed_fee=micro(rule.fixed_fee),
        minimum=maybe_micro(rule.minimum),
        maximum=maybe_micro(rule.maximum),
        free_actions=rule.free_actions,
        free_value=micro(rule.free_value),
    )


_PRICES: dict[Any, Callable[[PriceRule], Price]] = {
    PriceRule.PriceModel.PER_UNIT: lambda rule: PerUnit(_needed(rule.unit_price, "unit price"), micro(rule.free_units)),
    PriceRule.PriceModel.GRADUATED: lambda rule: Graduated(_tiers(rule), micro(rule.free_units)),
    PriceRule.PriceModel.VOLUME: lambda rule: Volume(_tiers(rule), micro(rule.free_units)),
    PriceRule.PriceModel.PACKAGE: lambda rule: Package(
        _needed(rule.package_size, "package size"), _needed(rule.package_price, "package price"), micro(rule.free_units)
    ),
    PriceRule.PriceModel.PERCENTAGE: _percentage,
    PriceRule.PriceModel.GRADUATED_PERCENTAGE: lambda rule: GraduatedPercentage(_tiers(rule, of_value=True)),
}
