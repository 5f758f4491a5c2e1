"""Amounts by month of billing, by customer, product and source, and against the same days of the month before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count

from billing_engine.core.calendar.spans import Cycle, Month
from billing_engine.core.read_replica import rows_of
from leads.models import Customer

# Each period is added up with its charges, so that a year is some thousands of rows.
BY_PERIOD = """
    SELECT customer.currency, period.label, sum(tally.amount)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN pricing_periodtally tally ON tally.period_id = period.id
     WHERE period.end_at > %(first)s AND tally.amount <> 0
     GROUP BY 1, 2
"""
# One pass over the month, grouped three times.
OF_MONTH = """
    SELECT activity.customer_id, activity.product_id, activity.source_id, sum(activity.amount)
      FROM pricing_monthlyactivity activity
      JOIN leads_customer customer ON customer.id = activity.customer_id
     WHERE activity.month = %(first)s AND customer.currency = %(currency)s
     GROUP BY GROUPING SETS ((activity.customer_id), (activity.product_id), (activity.source_id))
    HAVING sum(activity.amount) <> 0
"""
CHANGES = """
    SELECT activity.customer_id,
           COALESCE(sum(activity.amount) FILTER (WHERE activity.day >= %(first)s), 0)
           - COALESCE(sum(activity.amount) FILTER (WHERE activity.day < %(first)s), 0) AS change
      FROM pricing_dailyactivity activity
      JOIN leads_customer customer ON customer.id = activity.customer_id
     WHERE (activity.day BETWEEN %(first)s AND %(last)s OR activity.day BETWEEN %(first_before)s AND %(last_before)s)
       AND customer.currency = %(currency)s
     GROUP BY 1
     ORDER BY abs(COALESCE(sum(activity.amount) FILTER (WHERE activity.day >= %(first)s), 0)
                  - COALESCE(sum(activity.amount) FILTER (WHERE activity.day < %(first)s), 0)) DESC, 1
     LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The largest amounts of a month by one dimension, and how many others come to how much together."""

    largest: tuple[tuple[int, Decimal], ...]
    others: int
    rest: Decimal


def by_customers() -> list[str]:
    """Return the currencies, those with the most customers first."""
    found = Customer.objects.values_list("currency").annotate(n=Count("pk")).order_by("-n", "currency")
    return [currency for currency, _ in found]


def by_month(first: Month, last: Month) -> dict[str, dict[date, Decimal]]:
    """Return the amounts by currency and month of billing, late activity included; weeks count to the month they end in."""
    found: dict[str, dict[date, Decimal]] = {}
    for currency, label, amount in rows_of(BY_PERIOD, {"first": first.first}):
        month = Cycle.parse(label).closing_month
        if first <= month <= last:
            amounts = found.setdefault(currency, {})
            amounts[month.first] = amounts.get(month.first, Decimal(0)) + amount
    return {currency: dict(sorted(amounts.items())) for currency, amounts in found.items()}


def of_month(month: Month, currency: str, *, most: int) -> Mapping[str, Ranked]:
    """Return the largest customers, products and sources of a month."""
    found: dict[str, list[tuple[int, Decimal]]] = {"customer": [], "product": [], "source": []}
    for *keys, amount in rows_of(OF_MONTH, {"first": month.first, "currency": currency}):
        dimension, key = next((name, key) for name, key in zip(found, keys, strict=True) if key is not None)
        found[dimension].append((key, amount))
    return {dimension: _ranked(amounts, most) for dimension, amounts in found.items()}


def _ranked(amounts: Iterable[tuple[int, Decimal]], most: int) -> Ranked:
    ordered = sorted(amounts, key=lambda each: (-each[1], each[0]))
    rest = ordered[most:]
    return Ranked(tuple(ordered[:most]), len(rest), sum((amount for _, amount in rest), Decimal(0)))


def changes(
    days: tuple[date, date], before: tuple[date, date], currency: str, *, most: int
) -> list[tuple[int, Decimal]]:
    """Return the customers whose amount changed most from the days before to these, by how much."""
    asked = {
        **dict(zip(("first", "last"), days, strict=True)),
        **dict(zip(("first_before", "last_before"), before, strict=True)),
        "currency": currency,
        "most": most,
    }
    return [(customer, change) for customer, change in rows_of(CHANGES, asked) if change]
