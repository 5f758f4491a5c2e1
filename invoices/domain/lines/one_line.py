"""The charges of one line, a page at a time: found from the line's own period, whatever else is stored."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from billing_engine.core.calendar.spans import Span
from invoices.domain.lines.allocation import Allocation, allocate, zero_allocation
from invoices.domain.lines.charge_sums import LATE_FROM
from invoices.domain.lines.detail import (
    CHARGES,
    COLUMNS,
    FLOOR,
    IN_RATING_ORDER,
    NAMES,
    REMAINDER,
    ChargeCursor,
    DetailCharge,
    params_of_invoice,
    rows_of,
)
from invoices.models import InvoiceLine

# Each charge is looked up by its action, so that the cost is that of the period and its action type. The planner would
# read all charges instead, because it can't know that those of a rule in a period are few.
OF_CHARGES = """
      FROM leads_action action
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_lead lead ON lead.id = action.lead_id
     CROSS JOIN LATERAL (SELECT * FROM pricing_charge WHERE action_id = action.id OFFSET 0) charge
     WHERE action.period_id = %(period)s AND action.action_type_id = %(type)s
       AND lead.product_id = %(product)s AND charge.rule_id = %(rule)s AND charge.reason = ''
"""
IN_TIME = " AND action.occurred_at >= %(start)s AND action.occurred_at < %(end)s"
LATE = f" AND {LATE_FROM} = %(late_from)s"
# Few of a period, which an index has by reason.
OF_WHAT_IS_NOT_CHARGED = """
      FROM pricing_charge charge
      JOIN leads_action action ON action.id = charge.action_id
     WHERE charge.period_id = %(period)s AND charge.reason = %(reason)s AND charge.reason <> ''
       AND action.action_type_id = %(type)s
"""
REMAINDERS = f"SELECT {REMAINDER}, count(*), sum({FLOOR})"
UP_TO = " AND (action.occurred_at, action.id) < (%(at)s, %(action)s)"
BEFORE = f"""
    SELECT count(*), COALESCE(sum({FLOOR}), 0), count(*) FILTER (WHERE {REMAINDER} > %(threshold)s),
           count(*) FILTER (WHERE {REMAINDER} = %(threshold)s), COALESCE(sum(charge.amount), 0),
           COALESCE(sum(action.quantity), 0)
"""
AT_THE_THRESHOLD = f" AND {REMAINDER} = %(threshold)s"
NUMBERED = """
    SELECT * FROM (SELECT action.id, row_number() OVER (ORDER BY action.occurred_at, action.id) {ties}) numbered
     WHERE id = ANY(%(actions)s)
"""
DAYS = "SELECT (action.occurred_at AT TIME ZONE %(zone)s)::date, count(*), sum(action.quantity)"
CHOSEN = f"SELECT {COLUMNS} {CHARGES} {NAMES} WHERE action.id = ANY(%(actions)s)"


class RunningSums(NamedTuple):
    """The sums of a line's charges before a given point."""

    charges: int
    quantity: Decimal
    exact: Decimal
    amount: Decimal


class LineDay(NamedTuple):
    """The part of a line that occurred on one day in the customer's time zone."""

    day: date
    charges: int
    quantity: Decimal


def allocation_of(line: InvoiceLine) -> Allocation:
    """Return the allocation of a line, whose shares are zero without charges; raise DoesNotAddUp."""
    currency = line.invoice.currency
    if line.kind != InvoiceLine.Kind.CHARGES:
        return zero_allocation(currency)
    rows = rows_of(f"{REMAINDERS} {_of(line)} GROUP BY 1 ORDER BY 1 DESC", _params_of(line))
    floors = sum((row[2] for row in rows), Decimal(0))
    return allocate(line.amount, floors=floors, remainders=(row[:2] for row in rows), currency=currency)


def page_of_line(
    line: InvoiceLine,
    *,
    limit: int,
    after: ChargeCursor | None = None,
    before: ChargeCursor | None = None,
    within: Span | None = None,
) -> list[DetailCharge]:
    """Return at most `limit` charges of a line, or of a span of it, in rating order: the first, or those next to the cursor."""
    params, sql = _params_of(line), f"SELECT action.id {_of(line)}"
    reverse = before is not None and after is None
    if within:
        sql += " AND action.occurred_at >= %(from)s AND action.occurred_at < %(until)s"
        params |= {"from": within.start, "until": within.end}
    if place := before if reverse else after:
        sql += f" AND (action.occurred_at, action.id) {'<' if reverse else '>'} (%(at)s, %(action)s)"
        params |= {"at": place[0], "action": place[1]}
    order = "DESC" if reverse else "ASC"
    sql += f" ORDER BY action.occurred_at {order}, action.id {order}"
    params["actions"] = [pk for (pk,) in _first(sql, params, limit)]
    return [DetailCharge._make(row) for row in rows_of(CHOSEN + IN_RATING_ORDER, params)]


def sums_at(line: InvoiceLine, place: ChargeCursor, spread: Allocation) -> RunningSums:
    """Return the sums before a cursor, whether or not a charge is there, and advance `spread` to it."""
    params = {"at": place[0], "action": place[1], "threshold": spread.threshold}
    [(charges, floors, above, ties, exact, quantity)] = rows_of(BEFORE + _of(line) + UP_TO, _params_of(line, **params))
    return RunningSums(charges, quantity, exact, spread.skip(floors=floors, above=above, ties=ties))


def ties_of(line: InvoiceLine, spread: Allocation, actions: Collection[int]) -> dict[int, int]:
    """Return the place of each of these charges among those at the threshold, from 1; the others are left out."""
    sql = NUMBERED.format(ties=_of(line) + AT_THE_THRESHOLD)
    return dict(rows_of(sql, _params_of(line, threshold=spread.threshold, actions=list(actions))))


def days_of_line(line: InvoiceLine) -> list[LineDay]:
    """Return the days, in the customer's time zone, on which the line's actions occurred, with their number and quantity."""
    return [LineDay._make(row) for row in rows_of(f"{DAYS} {_of(line)} GROUP BY 1 ORDER BY 1", _params_of(line))]


def _of(line: InvoiceLine) -> str:
    """Return what follows SELECT for the charges of a line."""
    if line.kind != InvoiceLine.Kind.CHARGES:
        return OF_WHAT_IS_NOT_CHARGED
    return OF_CHARGES + (LATE if line.late_from else IN_TIME)


def _params_of(line: InvoiceLine, **more: object) -> dict[str, Any]:
    period = line.invoice.period
    key = {"type": line.action_type_id, "reason": line.reason, "product": line.product_id, "rule": line.rule_id}
    time = {"start": period.start_at, "end": period.end_at, "late_from": line.late_from}
    return params_of_invoice(line.invoice, **key, **time, **more)


@transaction.atomic
def _first(sql: str, params: dict[str, Any], limit: int) -> list[tuple[Any, ...]]:
    """Read the first rows in their order and leave the others: a cursor is planned for that, however many there may be."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchmany(limit)
    return rows
