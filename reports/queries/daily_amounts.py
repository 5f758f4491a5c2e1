"""What customers were charged day by day, before and in a month: from the roll-up, in their own days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Month, months_of
from billing_engine.core.read_replica import rows_of
from leads.models import Customer, CustomerTerms
from reports.domain.forecast.trials import HISTORY

MICRO = Decimal("0.000001")

# One row per customer, with its days as text: many times faster to read than one row per day.
DAYS = """
    WITH daily AS (
        SELECT customer_id, day, sum(amount) AS charged,
               CASE WHEN customer_id = ANY(%(capped)s) THEN sum(full_amount) ELSE sum(amount) END AS wanted
          FROM pricing_dailyactivity
         WHERE day >= %(start)s AND day < %(after)s AND customer_id = ANY(%(customers)s)
         GROUP BY customer_id, day
    )
    SELECT customer_id, string_agg((day - %(start)s::date)::text, ' '),
           string_agg(trunc(wanted * 1000000)::text, ' '),
           CASE WHEN customer_id = ANY(%(capped)s) THEN string_agg(trunc(charged * 1000000)::text, ' ') END,
           COALESCE(sum(charged) FILTER (WHERE day >= %(previous)s AND day < %(first)s), 0)
      FROM daily
     GROUP BY customer_id
"""


@dataclass(frozen=True, slots=True)
class Commitments:
    """What a customer's terms say of a month."""

    minimum: Decimal | None
    hard_budget: Decimal | None
    days: int  # of the month, up to the end of the contract

    @classmethod
    def of(cls, terms: CustomerTerms, customer: Customer, month: Month) -> "Commitments":
        """Return them, a budget prorated if the customer is billed from a later day of the month."""
        after = month.next().first
        months = months_of(max(month.first, customer.billed_from), after)
        budget = terms.monthly_budget if terms.hard_budget else None
        if budget is not None:
            budget = budget * months.numerator / months.denominator
        ends = min(after, terms.contract_to + timedelta(days=1)) if terms.contract_to else after
        return cls(terms.monthly_minimum, budget, max(0, (ends - month.first).days))


@dataclass(frozen=True, slots=True)
class DailyAmounts:
    """A customer's daily amounts in micro-units."""

    history: Sequence[int]  # from its first day, within the days that a forecast uses, to the day before the month
    month: Sequence[int]  # each day of the month; like the history before any cap if the customer has a hard budget
    charged: Sequence[int]  # each day of the month
    last_month: Decimal


def commitments_of(customers: Sequence[Customer], month: Month) -> dict[int, Commitments]:
    """Return the commitments of each customer by the terms of the month's first day."""
    found = (
        CustomerTerms.objects.filter(customer__in=customers, first_day__lte=month.first, in_force_at__isnull=False)
        .order_by("customer", "-first_day", "-in_force_at", "-pk")
        .distinct("customer")
        .only("customer", "monthly_minimum", "monthly_budget", "hard_budget", "contract_to")
    )
    terms = {each.customer_id: each for each in found}
    return {each.pk: Commitments.of(terms[each.pk], each, month) for each in customers if each.pk in terms}


def daily_amounts(
    customers: Sequence[Customer], month: Month, commitments: dict[int, Commitments]
) -> dict[int, DailyAmounts]:
    """Return the daily amounts of each customer that has activity in the month or before it."""
    start, after = month.first - timedelta(days=HISTORY), month.next().first
    asked = {
        "start": start,
        "previous": month.previous().first,
        "first": month.first,
        "after": after,
        "customers": [each.pk for each in customers],
        "capped": [pk for pk, found in commitments.items() if found.hard_budget is not None],
    }
    return {pk: _read(start, month, *row) for pk, *row in rows_of(DAYS, asked)}


def exact(amount: int) -> Decimal:
    """The Decimal of an amount in micro-units."""
    return Decimal(amount) * MICRO


def _read(start: date, month: Month, days: str, wanted: str, charged: str | None, last_month: Decimal) -> DailyAmounts:
    length = (month.next().first - start).days
    offsets = [int(day) for day in days.split()]
    series = _by_day(length, offsets, wanted)
    return DailyAmounts(
        series[min(*offsets, HISTORY) : HISTORY],
        series[HISTORY:],
        _by_day(length, offsets, charged)[HISTORY:] if charged else series[HISTORY:],
        last_month,
    )


def _by_day(length: int, offsets: Sequence[int], amounts: str) -> list[int]:
    series = [0] * length
    for day, amount in zip(offsets, amounts.split(), strict=True):
        series[day] = int(amount)
    return series
