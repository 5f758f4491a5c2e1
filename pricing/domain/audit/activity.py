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
BOTH = ", ".join(
    f"min({each}) FILTER (WHERE {side}) AS {each}_{n}"
    for n, side in enumerate(("is_stored", "NOT is_stored"))
    for each in MEASURES.split(", ")
)
# Each row of either side, with the measures of both. One snapshot: what rating writes meanwhile is seen whole or not at all.
COMPARED = f"""
    WITH chosen AS MATERIALIZED (
        SELECT id, customer_id FROM leads_billingperiod period WHERE {{chosen}}
    ),
    charged AS MATERIALIZED ({CELLS.format(periods="chosen period", since="", and_days="")}),
    both_sides AS (
        SELECT false AS is_stored, 'daily' AS form, period_id, day, {KEYS}, {MEASURES} FROM charged
         UNION ALL
        SELECT false, 'monthly', period_id, date_trunc('month', day)::date, {KEYS}, {ADDED}
          FROM charged GROUP BY period_id, 4, {KEYS}
         UNION ALL
        SELECT true, 'daily', period_id, day, {KEYS}, {ADDED}
          FROM pricing_dailyactivity WHERE period_id IN (SELECT id FROM chosen) GROUP BY period_id, day, {KEYS}
         UNION ALL
        SELECT true, 'monthly', period_id, month, {KEYS}, {ADDED}
          FROM pricing_monthlyactivity WHERE period_id IN (SELECT id FROM chosen) GROUP BY period_id, month, {KEYS}
    ),
    compared AS (
        SELECT form, period_id, day, {KEYS}, count(*) = 1 OR count(DISTINCT ({MEASURES})) > 1 AS differs,
               {BOTH}
          FROM both_sides GROUP BY form, period_id, day, {KEYS}
    )
"""  # noqa: S608 -- SQL of our own
DIFFERENCES = f"""
    {COMPARED.format(chosen="period.id = %(period)s")}
    SELECT form, day, (SELECT sku FROM leads_product WHERE id = product_id),
           (SELECT code FROM leads_source WHERE id = source_id),
           (SELECT code FROM leads_actiontype WHERE id = action_type_id), rule_id, outcome,
           actions_0, quantity_0, amount_0, full_amount_0, actions_1, quantity_1, amount_1, full_amount_1
      FROM compared WHERE differs
     ORDER BY form, day, {KEYS}
"""  # noqa: S608 -- SQL of our own
# Per period: the actions and the amount of both sides by day, and how many rows differ.
BY_PERIOD = f"""
    {COMPARED.format(chosen="%(month)s = '' OR period.label = ANY(%(labels)s)")}
    SELECT compared.period_id, min(customer.currency),
           EXISTS (SELECT FROM leads_unratedmark mark WHERE mark.period_id = compared.period_id),
           COALESCE(sum(actions_0) FILTER (WHERE form = 'daily'), 0)::bigint,
           COALESCE(sum(actions_1) FILTER (WHERE form = 'daily'), 0)::bigint,
           COALESCE(sum(amount_0) FILTER (WHERE form = 'daily'), 0),
           COALESCE(sum(amount_1) FILTER (WHERE form = 'daily'), 0),
           count(*) FILTER (WHERE differs AND form = 'daily'), count(*) FILTER (WHERE differs AND form = 'monthly')
      FROM compared
      JOIN leads_customer customer ON customer.id = compared.customer_id
     GROUP BY compared.period_id ORDER BY compared.period_id
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
