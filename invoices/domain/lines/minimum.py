"""The monthly minimum of a billing period, prorated by the days of the contract in it."""

from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.calendar.spans import months_of
from billing_engine.core.calendar.wording import count_of_days, days_in_words
from leads.models import BillingPeriod


def minimum_of(period: BillingPeriod) -> tuple[Decimal, str]:
    """Return the minimum due for the period, rounded, and the days it covers in words unless it is a full month.

    Each day is one part of its own month, so that the weeks of a month add up to the month's minimum.
    """
    terms = period.customer_terms
    first, after = _days_of(period)
    begins = max(first, terms.contract_from or first)
    ends = min(after, terms.contract_to + timedelta(days=1) if terms.contract_to else after)
    months = months_of(begins, ends)
    exact = (terms.monthly_minimum or money.ZERO) * months.numerator / months.denominator
    return money.rounded(exact, period.customer.currency), "" if months == 1 else _in_words(begins, ends, first, after)


def _days_of(period: BillingPeriod) -> tuple[date, date]:
    zone = period.customer.zone
    return period.start_at.astimezone(zone).date(), period.end_at.astimezone(zone).date()


def _in_words(begins: date, ends: date, first: date, after: date) -> str:
    """Return the days it is due for, such as ` for October 22 – 25, 2026 (4 of 7 days)`; "" if there are none."""
    days, of_days = (ends - begins).days, (after - first).days
    if days <= 0:
        return ""
    part = count_of_days(days) if days == of_days else f"{days} of {count_of_days(of_days)}"
    return f" for {days_in_words(begins, ends - timedelta(days=1))} ({part})"
