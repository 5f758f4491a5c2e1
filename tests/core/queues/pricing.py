"""Waiting work of each queue in pricing."""

from datetime import date
from decimal import Decimal
from typing import Any

from billing_engine.core.models import Deed
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.sheet.imports import confirm_import
from pricing.domain.simulation.simulate import start as simulate
from pricing.models import (
    AnnouncedCost,
    Charge,
    PeriodTally,
    PriceRule,
    RatingAttempts,
    RuleImport,
    RuleUse,
    SimulatedCustomer,
    SimulatedSum,
    Simulation,
)
from tests.core.queues.case import AMOUNT, NEVER_FINISHED, NOVEMBER_3, Case
from tests.factories.leads import ActionFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory, RuleImportFactory

NEVER_SIMULATED = "Started 3 times and never finished: the worker or the database died."


def a_simulated_customer(customers: int = 1) -> None:
    PriceRuleFactory.create()
    for _ in range(customers):
        rate(ActionFactory.create().period, at=NOVEMBER_3)
    draft = PriceRuleFactory.create(draft=True, unit_price=Decimal(3), priority=1)
    simulate([draft], months=["2026-10"], by=UserFactory.create(), at=NOVEMBER_3)


def two_simulated_customers() -> None:
    a_simulated_customer(customers=2)


def simulations() -> Any:
    return (
        list(SimulatedCustomer.objects.values_list("state", "actions_rated", "message")),
        list(SimulatedSum.objects.order_by("then_amount").values_list("now_charges", "then_charges", "then_amount")),
        Simulation.objects.get().finished_at is not None,
    )


def two_files_to_check_and_to_apply() -> None:
    by = UserFactory.create()
    confirm_import(RuleImportFactory.create(uploaded_by=by), by=by, at=NOVEMBER_3)
    RuleImportFactory.create(state="waiting", report={}, rows=0, rows_checked=0, next_attempt_at=NOVEMBER_3)


def imports() -> Any:
    found = RuleImport.objects.order_by("pk")
    return (
        list(found.values_list("state", "message")),
        [made.report.get("draft_count") for made in found],
        list(PriceRule.objects.values_list("state", "unit_price")),
        Deed.objects.filter(verb="price_rule_drafted").count(),
    )


def a_period_to_rate() -> None:
    PriceRuleFactory.create()
    ActionFactory.create()
    mark_unrated(BillingPeriod.objects.all(), reason="intake")


def a_month_at_announced_prices() -> None:
    PriceRuleFactory.create()
    period = ActionFactory.create().period
    rate(period, at=NOVEMBER_3)
    AnnouncedCost.objects.create(
        customer=period.customer,
        month="2026-10",
        prices_of=date(2027, 1, 1),
        version="1",
        next_attempt_at=NOVEMBER_3,
    )


def announced_costs() -> Any:
    found = AnnouncedCost.objects.values_list("state", "products", "message")
    return [(state, [each[1:] for each in products], message) for state, products, message in found]


def ratings() -> Any:
    return (
        list(Charge.objects.values_list("amount", flat=True)),
        list(PeriodTally.objects.values_list("actions", flat=True)),
        UnratedMark.objects.count(),
        list(RatingAttempts.objects.values_list("attempts", flat=True)),
    )


def a_period_to_count() -> None:
    PriceRuleFactory.create()
    rate(ActionFactory.create().period, at=NOVEMBER_3)


def use_counts() -> Any:
    return list(RuleUse.objects.values_list("charges", "amount"))


CASES = {
    "pricing.simulate_customers": Case(
        make=two_simulated_customers,
        facts=simulations,
        done=([("done", 1, "")] * 2, [(1, 0, Decimal(0))] * 2 + [(0, 1, Decimal(3))] * 2, True),
        given_up=([("failed", 0, NEVER_SIMULATED)] * 2, [], True),
        deaths=5,  # first together, then each alone
    ),
    "pricing.rate_announced": Case(
        make=a_month_at_announced_prices,
        facts=announced_costs,
        done=[("done", [[2_500_000, 2_500_000, 0]], "")],
        given_up=[("failed", [], "3 attempts ended without an outcome.")],
    ),
    "pricing.import_rules": Case(
        make=two_files_to_check_and_to_apply,
        facts=imports,
        done=([("applied", ""), ("checked", "")], [1, 1], [("draft", Decimal("2.5"))], 1),
        given_up=([("failed", NEVER_FINISHED)] * 2, [1, None], [], 0),
        deaths=6,
    ),
    "pricing.rate_periods": Case(
        make=a_period_to_rate,
        facts=ratings,
        done=([AMOUNT], [1], 0, []),
        given_up=([], [], 1, [3]),
    ),
    "pricing.count_uses": Case(make=a_period_to_count, facts=use_counts, done=[(1, AMOUNT)]),
}
