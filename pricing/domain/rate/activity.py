"""Keep the roll-up of activity equal to the charges: rows that a rating touches are added up again, never up or down."""

from collections.abc import Mapping
from datetime import date

from django.db import connection

# Each statement gets the periods, and the first day of each that may have changed.
TOUCHED = "unnest(%(periods)s::bigint[], %(days)s::date[]) AS touched (period_id, day)"
FORGET_DAYS = f"""
    DELETE FROM pricing_dailyactivity daily USING {TOUCHED}
     WHERE daily.period_id = touched.period_id AND daily.day >= touched.day
"""  # noqa: S608 -- SQL of our own
ADD_UP_DAYS = f"""
    INSERT INTO pricing_dailyactivity (period_id, customer_id, product_id, source_id, action_type_id, rule_id, outcome,
                                       day, actions, quantity, amount, full_amount)
    SELECT period.id, period.customer_id, lead.product_id, lead.source_id, action.action_type_id, charge.rule_id,
           CASE WHEN charge.action_id IS NULL THEN 'unrated' WHEN charge.reason <> '' THEN charge.reason
                WHEN charge.amount = 0 THEN 'included' ELSE 'charged' END,
           (action.occurred_at AT TIME ZONE customer.time_zone)::date,
           count(*), sum(action.quantity), COALESCE(sum(charge.amount), 0), COALESCE(sum(charge.full_amount), 0)
      FROM {TOUCHED}
      JOIN leads_billingperiod period ON period.id = touched.period_id
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_action action ON action.period_id = period.id
           AND action.occurred_at >= touched.day::timestamp AT TIME ZONE customer.time_zone
      JOIN leads_lead lead ON lead.id = action.lead_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608 -- SQL of our own
FORGET_MONTHS = f"""
    DELETE FROM pricing_monthlyactivity monthly USING {TOUCHED}
     WHERE monthly.period_id = touched.period_id AND monthly.month >= date_trunc('month', touched.day)
"""  # noqa: S608 -- SQL of our own
ADD_UP_MONTHS = f"""
    INSERT INTO pricing_monthlyactivity (period_id, customer_id, product_id, source_id, action_type_id, rule_id, outcome,
                                         month, actions, quantity, amount, full_amount)
    SELECT daily.period_id, daily.customer_id, daily.product_id, daily.source_id, daily.action_type_id, daily.rule_id,
           daily.outcome, date_trunc('month', daily.day)::date,
           sum(daily.actions), sum(daily.quantity), sum(daily.amount), sum(daily.full_amount)
      FROM {TOUCHED}
      JOIN pricing_dailyactivity daily ON daily.period_id = touched.period_id
           AND daily.day >= date_trunc('month', touched.day)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608 -- SQL of our own
EVER = date(1999, 12, 1)  # actions that occurred before the year 2000 are refused


def roll_up(periods: Mapping[int, date]) -> None:
    """Add up again the activity of these locked periods from a day on, in the customer's time zone."""
    asked = {"periods": list(periods), "days": list(periods.values())}
    with connection.cursor() as cursor:
        for statement in (FORGET_DAYS, ADD_UP_DAYS, FORGET_MONTHS, ADD_UP_MONTHS):
            cursor.execute(statement, asked)
