"""Customers with a dollar a day, for tests of the forecast."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from billing_engine.core.calendar.spans import Month
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from pricing.models import DailyActivity
from pricing.models.activity import CHARGED
from tests.factories.leads import BillingPeriodFactory
from tests.invoices.made import received
from tests.reports.random_company import RATED_AT


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def charged(customer: Customer, first: date, last: date) -> None:
    """One action at $1.00 at noon of each day, customer's time, in the period of its month."""
    periods = {}
    for day in days(first, last):
        month = Month.of_day(day)
        periods[month] = BillingPeriodFactory.create(customer=customer, month=month)
        at = datetime(day.year, day.month, day.day, 12, tzinfo=customer.zone)
        received(periods[month], 1, at=at.astimezone(UTC))
    for period in periods.values():
        rate(period, at=RATED_AT)


def by_day(customer: Customer, random: Random) -> None:
    """Random daily amounts of eight months, as the roll-up has them, without their charges."""
    period = BillingPeriodFactory.create(customer=customer, month=Month.of_day(RATED_AT.date()))
    DailyActivity.objects.bulk_create(
        DailyActivity(
            place=place,
            period=period,
            customer=customer,
            product_id=1,
            source_id=1,
            action_type_id=1,
            rule_id=1,
            outcome=CHARGED,
            actions=1,
            quantity=1,
            amount=(amount := Decimal(random.randrange(10_000)) / 100),
            full_amount=amount,
            day=day,
        )
        for place, day in enumerate(days(date(2026, 3, 20), RATED_AT.date() - timedelta(days=1)))
    )


def late(customer: Customer, quantity: int) -> None:
    """An action of September that is billed with November."""
    period = BillingPeriod.objects.get(customer=customer, label="2026-11")
    received(period, quantity, at=datetime(2026, 9, 20, 12, tzinfo=UTC))
    rate(period, at=RATED_AT)
