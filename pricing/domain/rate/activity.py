"""Keep the roll-up of activity equal to the charges: rows that a rating touches are added up again, never up or down."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import NamedTuple

from django.db import connection, transaction

from billing_engine.core.calendar.wall_clock import instant_of
from leads.models import BillingPeriod

KEYS = "customer_id, product_id, source_id, action_type_id, rule_id, outcome"
MEASURES = "actions, quantity, amount, full_amount"
# An action without charge that is not unrated either came after its period was last rated; it is nowhere yet.
CELLS = f"""
    SELECT period.id AS period_id, period.customer_id, lead.product_id, lead.source_id, action.action_type_id,
           charge.rule_id,
           CASE WHEN charge.action_id IS NULL THEN 'unrated' WHEN charge.reason <> '' THEN charge.reason
                WHEN charge.amount = 0 THEN 'included' ELSE 'charged' END AS outcome,
           (action.occurred_at AT TIME ZONE customer.time_zone)::date AS day,
           count(*) AS actions, sum(action.quantity) AS quantity,
           COALESCE(sum(charge.amount), 0) AS amount, COALESCE(sum(charge.full_amount), 0) AS full_amount
      FROM {{periods}}
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_action action ON action.period_id = period.id {{since}}
      JOIN leads_lead lead ON lead.id = action.lead_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
      LEFT JOIN pricing_unratedaction unrated ON unrated.action_id = action.id
     WHERE COALESCE(charge.action_id, unrated.action_id) IS NOT NULL {{and_days}}
     GROUP BY 1, {", ".join(map(str, range(2, 9)))}
"""  # noqa: S608 -- SQL of our own
# Each statement gets the periods, and the first day of each that may have changed, and when it began.
TOUCHED = (
    "unnest(%(periods)s::bigint[], %(days)s::date[], %(instants)s::timestamptz[]) AS touched (period_id, day, since)"
)
FORGET_DAYS = f"""
    DELETE FROM pricing_dailyactivity daily USING {TOUCHED}
     WHERE daily.period_id = touched.period_id AND daily.day >= touched.day
"""  # noqa: S608 -- SQL of our own
TOUCHED_CELLS = CELLS.format(
    periods=f"{TOUCHED} JOIN leads_billingperiod period ON period.id = touched.period_id",
    since="AND action.occurred_at >= touched.since",
    # Where clocks go back over midnight, a date comes back after the next one began.
    and_days="AND (action.occurred_at AT TIME ZONE customer.time_zone)::date >= touched.day",
)
# Ordered, because reports read by day: rows of one day lie side by side, and not on every page of their period.
ADD_UP_DAYS = f"""
    INSERT INTO pricing_dailyactivity (period_id, {KEYS}, day, {MEASURES}) {TOUCHED_CELLS}
     ORDER BY period_id, day
"""
FORGET_MONTHS = f"""
    DELETE FROM pricing_monthlyactivity monthly USING {TOUCHED}
     WHERE monthly.period_id = touched.period_id AND monthly.month >= date_trunc('month', touched.day)
"""  # noqa: S608 -- SQL of our own
ADD_UP_MONTHS = f"""
    INSERT INTO pricing_monthlyactivity (period_id, {KEYS}, month, {MEASURES})
    SELECT period_id, {KEYS}, date_trunc('month', daily.day)::date,
           sum(actions), sum(quantity), sum(amount), sum(full_amount)
      FROM {TOUCHED}
      JOIN pricing_dailyactivity daily USING (period_id)
     WHERE daily.day >= date_trunc('month', touched.day)
     GROUP BY period_id, {KEYS}, 8
     ORDER BY period_id, 8
"""  # noqa: S608 -- SQL of our own
EVER = date(1999, 12, 1)  # actions that occurred before the year 2000 are refused


class Touched(NamedTuple):
    """A locked period whose activity may have changed, from a day on."""

    period: int
    day: date
    since: datetime


def touched(period: BillingPeriod, day: date = EVER) -> Touched:
    """The period from this day on, in the customer's time zone; without a day, all of it."""
    return Touched(period.pk, day, instant_of(datetime.combine(day, time.min), period.customer.zone))


def roll_up(some: Iterable[Touched]) -> None:
    """Add up again the activity of these periods from their first touched day on."""
    columns = dict(zip(("periods", "days", "instants"), map(list, zip(*some, strict=True)), strict=True))
    with connection.cursor() as cursor:
        for statement in (FORGET_DAYS, ADD_UP_DAYS, FORGET_MONTHS, ADD_UP_MONTHS):
            cursor.execute(statement, columns)


@transaction.atomic
def rebuild_activity(period: BillingPeriod) -> None:
    """Add up again all activity of a period, open or closed, under the lock that rating takes."""
    locked = BillingPeriod.objects.select_related("customer").select_for_update(no_key=True, of=("self",))
    roll_up([touched(locked.get(pk=period.pk))])
