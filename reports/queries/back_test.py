"""The months that are over as the back-test of the forecast takes them, and how much of them came late."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from billing_engine.core.calendar.spans import Month
from billing_engine.core.read_replica import rows_of
from leads.models import Customer
from reports.domain.forecast.back_test import PastMonth
from reports.domain.forecast.commitments import commitments_of
from reports.domain.forecast.daily_amounts import daily_amounts, micro
from reports.domain.forecast.prepare import UTC_ZONE

LATE = """
    SELECT COALESCE(sum(daily.amount) FILTER (WHERE daily.day < (period.start_at AT TIME ZONE customer.time_zone)::date), 0),
           COALESCE(sum(daily.amount), 0)
      FROM pricing_dailyactivity daily
      JOIN leads_billingperiod period ON period.id = daily.period_id
      JOIN leads_customer customer ON customer.id = daily.customer_id
     WHERE daily.day >= %(first)s AND daily.day < %(after)s AND customer.currency = %(currency)s
"""


def months_before(at: datetime, count: int) -> list[Month]:
    """Return the last months that are over (by UTC), in order."""
    months = [Month.containing(at, UTC_ZONE).previous()]
    while len(months) < count:
        months.append(months[-1].previous())
    return months[::-1]


def past_months(months: Sequence[Month]) -> list[list[PastMonth]]:
    """Return each month of every customer that was charged in it or before."""
    customers = list(Customer.objects.all())
    return [_past_month(customers, month) for month in months]


def late_share(months: Sequence[Month]) -> dict[str, Decimal]:
    """Return, by currency, which part of what was charged for these months was billed in a later period."""
    shares = {}
    for currency in Customer.objects.order_by("currency").values_list("currency", flat=True).distinct():
        asked = {"first": months[0].first, "after": months[-1].next().first, "currency": currency}
        ((late, charged),) = rows_of(LATE, asked)
        if charged:
            shares[currency] = late / charged
    return shares


def _past_month(customers: Sequence[Customer], month: Month) -> list[PastMonth]:
    commitments = commitments_of(customers, month)
    amounts = daily_amounts(customers, month, commitments)
    return [
        PastMonth(
            currency=each.currency,
            history=amounts[each.pk].history,
            wanted=amounts[each.pk].wanted,
            charged=amounts[each.pk].charged,
            days=commitments[each.pk].days,
            hard_budget=None if (budget := commitments[each.pk].hard_budget) is None else micro(budget),
        )
        for each in customers
        if each.pk in amounts and each.pk in commitments
    ]
