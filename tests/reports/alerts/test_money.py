"""Soft budgets at 80% and 100%, and spend far from the customer's own past."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from pricing.models import PriceRule
from receivables.models import EventKind, WebhookEvent
from reports.domain.alerts.budget import budgets
from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.finding import Finding
from reports.domain.alerts.spend import spends
from tests.factories.leads import BillingPeriodFactory, CustomerFactory, agree
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, received
from tests.receivables.webhooks.made import an_endpoint

pytestmark = pytest.mark.django_db


def charged(amount: str, **customer: object) -> BillingPeriod:
    """October of a customer that was charged this."""
    if not PriceRule.objects.exists():
        a_price("1")
    period = an_open_period(name="Acme", **customer)
    received(period, amount)
    rate(period, at=NOVEMBER_3)
    return period


def steps(period: BillingPeriod) -> list[tuple[str, bool]]:
    return [(each.cause.removeprefix(f"{period.pk}:"), each.opens) for each in budgets(at=NOVEMBER_3)]


@pytest.mark.parametrize(
    ("amount", "reached"),
    [
        ("79.99", []),
        ("80", [("80", True)]),
        ("99.99", [("80", True)]),
        ("100", [("80", False), ("100", True)]),
        ("250", [("80", False), ("100", True)]),
    ],
)
def test_a_soft_budget_alerts_at_80_and_at_100_percent(amount: str, reached: list[tuple[str, bool]]) -> None:
    assert steps(charged(amount, monthly_budget=Decimal(100))) == reached


def test_a_budget_is_told_in_the_words_of_its_period() -> None:
    period = charged("1040.5", monthly_budget=Decimal(1000))

    assert list(budgets(at=NOVEMBER_3))[-1] == Finding(
        cause=f"{period.pk}:100",
        title="Acme: 104% of the budget of October 2026 used",
        words=(
            "$1,040.50 is charged for October 2026, of a soft budget of $1,000.00. Charges go on: a soft budget only alerts."
        ),
        customer=period.customer.pk,
        event=EventKind.BUDGET_100,
        facts={
            "period": period.pk,
            "label": "2026-10",
            "amount": Decimal("1040.5"),
            "budget": Decimal(1000),
            "currency": "USD",
        },
    )


def test_a_budget_is_told_to_other_systems_once_for_each_step() -> None:
    period = charged("85", monthly_budget=Decimal(100))
    an_endpoint("https://receiver.example/", "budget.reached_80", "budget.reached_100")
    for _ in range(2):
        evaluate(at=NOVEMBER_3)
    assert [(event.kind, event.customer, event.data) for event in WebhookEvent.objects.all()] == [
        (
            "budget.reached_80",
            period.customer,
            {"period": period.pk, "label": "2026-10", "amount": "85", "budget": "100", "currency": "USD"},
        )
    ]

    received(period, "20")
    rate(period, at=NOVEMBER_3)
    evaluate(at=NOVEMBER_3)
    assert list(WebhookEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
        "budget.reached_80",
        "budget.reached_100",
    ]


def test_neither_a_hard_budget_nor_none_nor_a_closed_period_alerts() -> None:
    assert steps(charged("250", monthly_budget=Decimal(100), hard_budget=True)) == []
    assert steps(charged("250")) == []
    period = charged("250", monthly_budget=Decimal(100))
    assert len(steps(period)) == 2

    close(period, at=NOVEMBER_3)

    assert steps(period) == []


def test_a_budget_is_that_of_the_periods_first_day_and_prorated_for_a_week() -> None:
    customer = CustomerFactory.create(cycle="weekly", monthly_budget=Decimal(310))
    agree(customer, first_day=date(2026, 10, 20), monthly_budget=Decimal(1))
    a_price("1")
    start, end = (datetime(2026, 10, day, tzinfo=UTC) for day in (19, 26))
    period = BillingPeriodFactory.create(customer=customer, label="2026-W43", start_at=start, end_at=end)
    received(period, "55.99", at=datetime(2026, 10, 21, tzinfo=UTC))
    rate(period, at=NOVEMBER_3)
    assert steps(period) == []  # 7 of 31 days are $70, of which 80% are $56

    received(period, "0.01", at=datetime(2026, 10, 22, tzinfo=UTC))
    rate(period, at=NOVEMBER_3)

    assert steps(period) == [("80", True)]


def spent(customer: Customer, month: int, *amounts: tuple[int, str]) -> None:
    """Charges of a month of 2026, each on a day."""
    period = BillingPeriodFactory.create(customer=customer, month=Month(2026, month))
    for day, amount in amounts:
        received(period, amount, at=datetime(2026, month, day, 12, tzinfo=UTC))
    rate(period, at=NOVEMBER_3)


@pytest.fixture
def acme() -> Customer:
    """It was charged $80, $100 and $150 until the 10th of July, August and September, and as much again afterward."""
    a_price("1")
    customer: Customer = CustomerFactory.create(name="Acme")
    for month, amount in ((7, "80"), (8, "100"), (9, "150")):
        spent(customer, month, (3, amount), (10, amount))
    return customer


def found(day: int = 9) -> list[tuple[str, bool]]:
    at = datetime(2026, 10, day, 12, tzinfo=UTC)
    return [(each.cause.split(":", 1)[1], each.opens) for each in spends(at=at)]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("200.01", [("2026-10:more", True)]),
        ("200", [("2026-10:more", False)]),
        ("180.01", [("2026-10:more", False)]),
        ("180", []),
        ("100", []),
        ("55.56", []),
        ("55.55", [("2026-10:less", False)]),
        ("50", [("2026-10:less", False)]),
        ("49.99", [("2026-10:less", True)]),
    ],
)
def test_spend_is_unusual_above_twice_and_below_half_of_the_median_of_the_same_days(
    acme: Customer, amount: str, told: list[tuple[str, bool]]
) -> None:
    spent(acme, 10, (3, amount))

    assert found() == told


def test_unusual_spend_says_the_days_the_zone_and_both_amounts(acme: Customer) -> None:
    spent(acme, 10, (3, "300"))

    (finding,) = spends(at=datetime(2026, 10, 9, 12, tzinfo=UTC))
    assert (finding.title, finding.words) == (
        "Acme: charged more than usual this month",
        "$300.00 is charged for October 1 – 8, 2026 (UTC); the median of the same days of the three months before is $100.00.",
    )


def test_nothing_charged_at_all_is_unusual_too(acme: Customer) -> None:
    assert found() == [("2026-10:less", True)]


def test_neither_today_nor_the_first_five_days_are_judged(acme: Customer) -> None:
    spent(acme, 10, (3, "100"), (8, "500"))

    assert (found(5), found(8), found(9)) == ([], [], [("2026-10:more", True)])


def test_a_difference_below_a_tenth_of_a_usual_month_does_not_open_an_alert() -> None:
    a_price("1")
    customer = CustomerFactory.create()
    for month in (7, 8, 9):
        spent(customer, month, (3, "10"), (20, "1000"))
    spent(customer, 10, (3, "100"))

    assert found() == [("2026-10:more", False)]


def test_a_customer_without_three_months_of_charges_has_no_usual_spend() -> None:
    a_price("1")
    customer = CustomerFactory.create()
    for month in (8, 9):
        spent(customer, month, (3, "100"))
    spent(customer, 10, (3, "1000"))

    assert found() == []


def test_the_month_is_that_of_the_customers_zone(acme: Customer) -> None:
    far = CustomerFactory.create(time_zone="Pacific/Auckland")
    for month in (7, 8, 9):
        spent(far, month, (3, "100"))
    spent(acme, 10, (3, "100"))

    # In Auckland, it is the 6th already: five days are over.
    assert [cause for cause, _ in found_at(datetime(2026, 10, 5, 13, tzinfo=UTC))] == ["2026-10:less"]
    assert found_at(datetime(2026, 10, 5, 10, tzinfo=UTC)) == []


def found_at(at: datetime) -> list[tuple[str, bool]]:
    return [(each.cause.split(":", 1)[1], each.opens) for each in spends(at=at)]
