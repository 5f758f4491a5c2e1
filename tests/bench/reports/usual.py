"""The usual way: GROUP BY over the charges, with their actions, leads and customers."""

import time

from django.db import connection

from reports.domain.question.question import Question

KEYS = {
    "customer": "period.customer_id",
    "product": "lead.product_id",
    "source": "lead.source_id",
    "action_type": "action.action_type_id",
    "rule": "charge.rule_id",
    "outcome": "charge.reason",
}
STATEMENT = """
    SELECT customer.currency, {key}, sum(charge.amount), count(*), count(*) FILTER (WHERE charge.amount > 0)
      FROM leads_action action
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_lead lead ON lead.id = action.lead_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE action.occurred_at >= %(first)s::date - interval '1 day'
       AND action.occurred_at < %(last)s::date + interval '2 days'
       AND (action.occurred_at AT TIME ZONE customer.time_zone)::date BETWEEN %(first)s AND %(last)s
     GROUP BY 1, 2
"""


def seconds_of(question: Question) -> float:
    """How long the sums of one group take that way."""
    [group] = question.group
    days = {"first": question.days.first, "last": question.days.last}
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT.format(key=KEYS[group]), days)
        cursor.fetchall()
    return time.perf_counter() - started
