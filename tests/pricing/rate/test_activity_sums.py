"""On random companies, whatever is asked of the roll-up is what the charges say, to the last digit, however it is grouped."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.domain.voiding import void
from leads.models import Action, ActionType, BillingPeriod, Lead
from pricing.domain.rate.rate import rate_waiting
from pricing.domain.waive import waive
from pricing.models import UnratedAction
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.pricing import PriceRuleFactory, graduated, tiered
from tests.pricing.rate.rolled_up import assert_rolled_up

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 2, tzinfo=UTC)
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Auckland", "UTC")
GROUPS = ("customer_id", "product_id", "source_id", "action_type_id", "rule_id", "outcome", "day", "month", "period_id")
# From the charges, without what the engine's own statement shares: outcomes and days are written a second time.
CHARGED = """
    WITH of AS (
        SELECT product.customer_id, lead.product_id, lead.source_id, action.action_type_id, charge.rule_id,
               coalesce(nullif(charge.reason, ''), CASE sign(charge.amount) WHEN 1 THEN 'charged' ELSE 'included' END) AS outcome,
               charge.action_id, charge.amount, charge.full_amount
          FROM pricing_charge charge JOIN leads_action action ON action.id = charge.action_id
          JOIN leads_lead lead ON lead.id = action.lead_id JOIN leads_product product ON product.id = lead.product_id
         UNION ALL
        SELECT product.customer_id, lead.product_id, lead.source_id, action.action_type_id, NULL, 'unrated', action.id, 0, 0
          FROM pricing_unratedaction unrated JOIN leads_action action ON action.id = unrated.action_id
          JOIN leads_lead lead ON lead.id = action.lead_id JOIN leads_product product ON product.id = lead.product_id
    ), dated AS (
        SELECT of.*, action.period_id, action.quantity, timezone(customer.time_zone, action.occurred_at)::date AS day
          FROM of JOIN leads_action action ON action.id = of.action_id
          JOIN leads_customer customer ON customer.id = of.customer_id
    ), charged AS (SELECT dated.*, to_char(day, 'YYYY-MM') AS month, 1 AS actions FROM dated)
"""
DAILY = "WITH charged AS (SELECT *, to_char(day, 'YYYY-MM') AS month FROM pricing_dailyactivity)"
MONTHLY = "WITH charged AS (SELECT *, to_char(month, 'YYYY-MM') AS its FROM pricing_monthlyactivity)"


class Company:
    """Two customers with two periods each, in different time zones, and rules of many kinds."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kinds: list[ActionType] = [ActionTypeFactory.create(code=f"type_{number}") for number in range(6)]
        self._rules()
        sources = SourceFactory.create_batch(3)
        self.periods, self.leads = list[BillingPeriod](), dict[int, list[Lead]]()
        for zone in self.chance.sample(ZONES, 2):
            first = BillingPeriodFactory.create(customer__time_zone=zone, month=Month(2026, 10))
            second = BillingPeriodFactory.create(customer=first.customer, month=Month(2026, 11))
            self.periods += [first, second]
            products = ProductFactory.create_batch(2, customer=first.customer)
            self.leads[first.customer_id] = [
                LeadFactory.create(product=self.chance.choice(products), source=self.chance.choice(sources))
                for _ in range(6)
            ]
        self.latest = {period.pk: period.start_at - timedelta(days=2) for period in self.periods}

    def _rules(self) -> None:
        """Each kind of action has rules of its own; the last kind has none."""
        kinds, draw = self.kinds, self.chance
        graduated((5, "1", "0"), (None, "0.333333", "2"), action_type=kinds[0], free_units=2)
        PriceRuleFactory.create(
            action_type=kinds[1], unit_price=Decimal("0.123457"), cap_per_lead=draw.choice([None, 1])
        )
        PriceRuleFactory.create(action_type=kinds[2], unit_price=draw.choice([0, 3]), cap_per_period=9)
        PriceRuleFactory.create(action_type=kinds[3], once_per="lead", once_days=5)
        if draw.random() < 0.5:  # rules that need to see the whole period first
            tiered("volume", (10, "3", "0"), (None, "1.000001", "0"), action_type=kinds[4])
        else:
            PriceRuleFactory.create(action_type=kinds[4], unit_price=Decimal("7.7"))

    def come(self, period: BillingPeriod, count: int) -> None:
        """Actions after those that came before, as a rule; some are late."""
        draw = self.chance
        for _ in range(count):
            self.latest[period.pk] += timedelta(minutes=draw.randint(0, 700))
            late = timedelta(days=draw.choice([0] * 12 + [40]))
            ActionFactory.create(
                period=period,
                lead=draw.choice(self.leads[period.customer_id]),
                action_type=draw.choice(self.kinds),
                occurred_at=self.latest[period.pk] - late,
                quantity=draw.choice([1, 1, 2, Decimal("0.5"), Decimal("0.000001"), 1_000_000]),
            )
        mark_unrated([period], reason="intake")

    def change(self, by: User) -> None:
        """Something that has a period rated again, or only goes on."""
        draw, period = self.chance, self.chance.choice(self.periods)
        action = draw.choice([*Action.objects.filter(voided_at=None, period=period), None])
        match draw.choice(["come", "come", "come", "void", "waive", "price"]):
            case "void" if action:
                void(action, reason="Canceled", by=by, at=NOW)
            case "waive" if action and not hasattr(action, "waiver"):
                waive(action, note="Goodwill", by=by, at=NOW)
            case "price":
                PriceRuleFactory.create(priority=draw.randint(1, 30_000), action_type=draw.choice(self.kinds[:5]))
                mark_unrated(self.periods, reason="rules changed")
            case _:
                self.come(period, draw.randint(1, 8))

    def rate(self) -> None:
        rate_waiting([period.pk for period in self.periods], at=NOW)


@pytest.mark.parametrize("seed", range(12))
def test_after_any_history_each_row_is_what_its_charges_add_up_to(seed: int, operator: User):
    company = Company(seed)
    for period in company.periods:
        company.come(period, 10)
    for _ in range(12):
        company.change(operator)
        if company.chance.random() < 0.7:
            company.rate()
    company.rate()

    assert UnratedAction.objects.exists()
    assert_rolled_up()


@pytest.mark.parametrize("seed", range(3))
def test_all_sums_by_one_two_or_three_dimensions_are_equal_and_so_are_their_totals(seed: int):
    company = Company(100 + seed)
    for period in company.periods:
        company.come(period, 40)
    company.rate()

    total = summed(CHARGED)
    assert total[0][0] == Action.objects.count()
    for by in (groups for count in (1, 2, 3) for groups in combinations(GROUPS, count)):
        charged, daily = summed(CHARGED, *by), summed(DAILY, *by)
        assert daily == charged, by
        if "day" not in by:
            assert summed(MONTHLY, *["its" if group == "month" else group for group in by]) == charged, by
        assert tuple(map(sum, zip(*(row[len(by) :] for row in daily), strict=True))) == total[0], by


def summed(rows: str, *by: str) -> list[tuple[Any, ...]]:
    """Actions, quantity, amount and full amount by these dimensions, and in all without one."""
    keys = ", ".join(by)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{rows} SELECT {keys + ',' if by else ''} sum(actions), sum(quantity), sum(amount), sum(full_amount)"
            f" FROM charged {f'GROUP BY {keys} ORDER BY {keys}' if by else ''}"
        )
        return list(cursor.fetchall())
