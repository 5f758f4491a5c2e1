"""What customers were charged day by day: from the roll-up, in their own days, as integers in micro-units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Month
from billing_engine.core.read_replica import rows_of
from leads.models import Customer
from reports.domain.forecast.commitments import Commitments
from reports.domain.forecast.trials import HISTORY

# One row per customer, with its days as text: many times faster to read than one row per day.
DAYS = """
    WITH daily AS (
        SELECT customer_id, day, sum(amount) AS charged, sum(full_amount) AS wanted
          FROM pricing_dailyactivity
         WHERE day >= %(start)s AND day < %(after)s AND customer_id = ANY(%(customers)s)
         GROUP BY customer_id, day
    )
    SELECT customer_id, string_agg((day - %(start)s::date)::text, ' '),
           string_agg(trunc(charged * 1000000)::text, ' '),
           CASE WHEN customer_id = ANY(%(capped)s) THEN string_agg(trunc(wanted * 1000000)::text, ' ') END
      FROM daily
     GROUP BY customer_id
"""
MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class DailyAmounts:
    """A customer's daily amounts. With a hard budget, `wanted` is what would be charged without any cap."""

    history: Sequence[int]  # wanted, from the customer's first day to the day before the month
    wanted: Sequence[int]  # each day of the month
    charged: Sequence[int]  # each day of the month


NOTHING = DailyAmounts((), (), ())


def daily_amounts(
    customers: Sequence[Customer], month: Month, commitments: Mapping[int, Commitments], *, history: int = HISTORY
) -> dict[int, DailyAmounts]:
    """Return the daily amounts of each customer with activity in the month or the days of history before it."""
    start, after = month.first - timedelta(days=history), month.next().first
    asked = {
        "start": start,
        "after": after,
        "customers": [each.pk for each in customers],
        "capped": [pk for pk, found in commitments.items() if found.hard_budget is not None],
    }
    length = (after - start).days
    return {pk: _read(history, length, *row) for pk, *row in rows_of(DAYS, asked)}


def elapsed_days(today: date, month: Month) -> int:
    """Return how many whole days of the month are over."""
    return min(max(0, (today - month.first).days), (month.next().first - month.first).days)


def exact(amount: int) -> Decimal:
    """The Decimal of an amount in micro-units."""
    return amount * MICRO


def micro(amount: Decimal) -> int:
    """The amount in micro-units, without what is smaller."""
    return int(amount.scaleb(6))


def _read(history: int, length: int, days: str, charged: str, wanted: str | None) -> DailyAmounts:
    offsets = [int(day) for day in days.split()]
    as_charged = _by_day(length, offsets, charged)
    as_wanted = as_charged if wanted is None else _by_day(length, offsets, wanted)
    return DailyAmounts(as_wanted[min(*offsets, history) : history], as_wanted[history:], as_charged[history:])


def _by_day(length: int, offsets: Sequence[int], amounts: str) -> list[int]:
    series = [0] * length
    for day, amount in zip(offsets, amounts.split(), strict=True):
        series[day] = int(amount)
    return series
