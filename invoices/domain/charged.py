"""The charges of a period, added up by what the lines of its invoice have in common."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.models import BillingPeriod

LATE_FROM = """
    CASE WHEN action.occurred_at >= period.start_at AND action.occurred_at < period.end_at THEN ''
         ELSE to_char(action.occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM') END
"""
KEY = f"lead.product_id, action.action_type_id, charge.rule_id, {LATE_FROM} AS late_from"
OF_THE_PERIOD = """
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_billingperiod period ON period.id = action.period_id
     WHERE action.period_id = %(period)s
"""
CHARGED = f"""
    SELECT {KEY}, count(*), sum(action.quantity), sum(charge.amount), sum(charge.full_amount)
    {OF_THE_PERIOD} AND charge.reason = ''
     GROUP BY 1, 2, 3, 4
"""
TRIMMED = f"""
    SELECT {KEY}, charge.cap, sum(charge.full_amount - charge.amount)
    {OF_THE_PERIOD} AND charge.cap <> ''
     GROUP BY 1, 2, 3, 4, 5
"""
NOT_CHARGED = f"""
    SELECT action.action_type_id, charge.reason, count(*), sum(action.quantity)
    {OF_THE_PERIOD} AND charge.reason <> ''
     GROUP BY 1, 2
"""
ONE_BY_ONE = f"""
    SELECT {KEY}, charge.quantity_before, charge.value_before, action.quantity, action.value
    {OF_THE_PERIOD} AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
     ORDER BY action.occurred_at, action.id
"""


class LineKey(NamedTuple):
    """What charges of one line have in common."""

    product: int
    action_type: int
    rule: int
    late_from: str


class Sums(NamedTuple):
    """What the charges of one line come to, before and after caps."""

    actions: int
    quantity: Decimal
    amount: Decimal
    full_amount: Decimal


class OneCharge(NamedTuple):
    """A charge, as far as the tiers it touched depend on it."""

    quantity_before: Decimal
    value_before: Decimal | None
    quantity: Decimal
    value: Decimal | None


def charged(period: BillingPeriod) -> dict[LineKey, Sums]:
    """What was charged, a line each."""
    return {LineKey._make(row[:4]): Sums._make(row[4:]) for row in _rows(CHARGED, period)}


def trimmed(period: BillingPeriod) -> dict[LineKey, dict[str, Decimal]]:
    """What caps took off each line, by cap."""
    found: dict[LineKey, dict[str, Decimal]] = {}
    for row in _rows(TRIMMED, period):
        found.setdefault(LineKey._make(row[:4]), {})[row[4]] = row[5]
    return found


def not_charged(period: BillingPeriod) -> list[tuple[Any, ...]]:
    """(action type, reason, how many actions, their quantity) of what was excluded."""
    return list(_rows(NOT_CHARGED, period))


def one_by_one(period: BillingPeriod, rules: list[int]) -> Iterator[tuple[LineKey, OneCharge]]:
    """The single charges of these rules, streamed in rating order."""
    for row in _rows(ONE_BY_ONE, period, rules=rules):
        yield LineKey._make(row[:4]), OneCharge._make(row[4:])


def _rows(sql: str, period: BillingPeriod, **more: list[int]) -> Iterator[tuple[Any, ...]]:
    """Rows of a query over one period; streamed through a server-side cursor, as there may be one per action."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, {"period": period.pk, "zone": period.customer.time_zone, **more})
        while rows := cursor.fetchmany(5_000):
            yield from rows
