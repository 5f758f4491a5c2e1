"""Unusual spend: what a customer was charged this month so far, against the same days of the months before."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.money import in_words
from billing_engine.core.read_replica import rows_of
from leads.models import Customer
from reports.domain.alerts.finding import Finding

MONTHS = 3
FROM_DAY = 6  # of the month, when five days are complete
FAR, NEAR = Decimal(2), Decimal("1.8")  # an alert opens beyond the first and stays open beyond the second
LEAST = Decimal("0.1")  # of a usual month, that the difference must be
RULE = (
    "From the 6th of a month, what is charged from the 1st through yesterday, by the customer’s days, is more than twice or"
    " less than half the median of the same days of the three months before, and the difference is at least a tenth of the"
    " median of those whole months. Each of the three months needs charges. Resolved below 1.8 times, and at the month’s end."
)
# The days of this month that are over, the same days of the months before, and those months as a whole.
CHARGED = """
    WITH local AS (
        SELECT id, (%(at)s AT TIME ZONE time_zone)::date AS today FROM leads_customer WHERE is_active
    )
    SELECT local.id, local.today, date_trunc('month', daily.day)::date,
           COALESCE(sum(daily.amount) FILTER (WHERE EXTRACT(day FROM daily.day) < EXTRACT(day FROM local.today)), 0),
           sum(daily.amount)
      FROM pricing_dailyactivity daily JOIN local ON local.id = daily.customer_id
     WHERE daily.day >= %(since)s AND daily.day < local.today
           AND daily.day >= date_trunc('month', local.today) - make_interval(months => %(months)s)
           AND EXTRACT(day FROM local.today) >= %(from_day)s
     GROUP BY 1, 2, 3
"""


def spends(*, at: datetime) -> Iterator[Finding]:
    """Find customers whose charges of this month so far are far from their usual ones."""
    since = Month(at.year, at.month)
    for _ in range(MONTHS + 1):  # one more, because somewhere it is still last month
        since = since.previous()
    asked = {"at": at, "since": since.first, "months": MONTHS, "from_day": FROM_DAY}
    sums = defaultdict[tuple[int, date], dict[date, tuple[Decimal, Decimal]]](dict)
    for customer, today, month, same_days, whole in rows_of(CHARGED, asked):
        sums[customer, today][month] = (same_days, whole)
    customers = Customer.objects.in_bulk([customer for customer, _ in sums])
    for (customer, today), months in sums.items():
        yield from _found(customers[customer], today, months)


def _found(customer: Customer, today: date, months: dict[date, tuple[Decimal, Decimal]]) -> Iterator[Finding]:
    this = today.replace(day=1)
    amount = months.pop(this, (Decimal(0), Decimal(0)))[0]
    if len(months) < MONTHS or not all(same_days for same_days, _ in months.values()):
        return
    usual = median(same_days for same_days, _ in months.values())
    month = median(whole for _, whole in months.values())
    is_more = amount > usual
    higher, lower = (amount, usual) if is_more else (usual, amount)
    if higher <= NEAR * lower:
        return
    yield Finding(
        cause=f"{customer.pk}:{this:%Y-%m}:{'more' if is_more else 'less'}",
        title=f"{customer}: charged {'more' if is_more else 'less'} than usual this month",
        words=_words(customer, this, today, amount, usual),
        customer=customer.pk,
        opens=higher > FAR * lower and higher - lower >= LEAST * month,
    )


def _words(customer: Customer, this: date, today: date, amount: Decimal, usual: Decimal) -> str:
    days = days_in_words(this, date.fromordinal(today.toordinal() - 1))
    so_far, before = in_words(amount, customer.currency), in_words(usual, customer.currency)
    return (
        f"{so_far} is charged for {days} ({customer.time_zone}); the median of the same days of the three months before is"
        f" {before}."
    )
