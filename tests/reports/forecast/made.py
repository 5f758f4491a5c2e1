"""Customers with a dollar a day, for tests of the forecast."""

from datetime import UTC, date, datetime, timedelta

from billing_engine.core.calendar.spans import Month
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
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


def late(customer: Customer, quantity: int) -> None:
    """An action of September that is billed with November."""
    period = BillingPeriod.objects.get(customer=customer, label="2026-11")
    received(period, quantity, at=datetime(2026, 9, 20, 12, tzinfo=UTC))
    rate(period, at=RATED_AT)
