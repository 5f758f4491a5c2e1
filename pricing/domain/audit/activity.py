"""Compare the roll-up of a period with its charges, row by row; nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from leads.models import BillingPeriod
from pricing.domain.rate.activity import CELLS, KEYS, MEASURES

ADDED = "sum(actions) AS actions, sum(quantity) AS quantity, sum(amount) AS amount, sum(full_amount) AS full_amount"
CHARGED = CELLS.format(periods="leads_billingperiod period", since="", and_days="AND period.id = %(period)s")
# One snapshot: what rating writes meanwhile is seen whole or not at all.
DIFFERENCES = f"""
    WITH charged AS MATERIALIZED ({CHARGED}),
    again AS (
        SELECT 'daily' AS form, day, {KEYS}, {MEASURES} FROM charged
         UNION ALL
        SELECT 'monthly', date_trunc('month', day)::date, {KEYS}, {ADDED} FROM charged GROUP BY 2, {KEYS}
    ),
    stored AS (
        SELECT 'daily' AS form, day, {KEYS}, {ADDED} FROM pricing_dailyactivity
         WHERE period_id = %(period)s GROUP BY day, {KEYS}
         UNION ALL
        SELECT 'monthly', month, {KEYS}, {ADDED} FROM pricing_monthlyactivity
         WHERE period_id = %(period)s GROUP BY month, {KEYS}
    )
    SELECT form, day, (SELECT sku FROM leads_product WHERE id = product_id),
           (SELECT code FROM leads_source WHERE id = source_id),
           (SELECT code FROM leads_actiontype WHERE id = action_type_id), rule_id, outcome,
           min(actions) FILTER (WHERE is_stored), min(quantity) FILTER (WHERE is_stored),
           min(amount) FILTER (WHERE is_stored), min(full_amount) FILTER (WHERE is_stored),
           min(actions) FILTER (WHERE NOT is_stored), min(quantity) FILTER (WHERE NOT is_stored),
           min(amount) FILTER (WHERE NOT is_stored), min(full_amount) FILTER (WHERE NOT is_stored)
      FROM (SELECT false AS is_stored, again.* FROM again UNION ALL SELECT true, stored.* FROM stored) both_sides
     GROUP BY form, day, {KEYS}
    HAVING count(*) = 1 OR count(DISTINCT ({MEASURES})) > 1
     ORDER BY form, day, {KEYS}
"""  # noqa: S608 -- SQL of our own


class Sums(NamedTuple):
    """The measures of one row."""

    actions: int
    quantity: Decimal
    amount: Decimal
    full_amount: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of the roll-up that differs from the charges; None on a side means that it has no such row."""

    form: str  # "daily" or "monthly"
    day: date
    product: str
    source: str
    action_type: str
    rule: int | None
    outcome: str
    stored: Sums | None
    again: Sums | None


def differences(period: BillingPeriod) -> Iterator[Difference]:
    """The rows of the period's roll-up that differ from its charges and unrated actions."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"period": period.pk})
        rows = cursor.fetchall()
    for row in rows:
        yield Difference(*row[:7], *(Sums(*each) if each[0] is not None else None for each in (row[7:11], row[11:])))
