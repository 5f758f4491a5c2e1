"""The charges behind an invoice's lines, in rating order, each with its share of the line, to the cent.

A closed period's charges never change, and its lines change only on drafts, so the shares add up however the detail is
paged.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, nullcontext
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from billing_engine.core import money
from billing_engine.core.calendar.spans import Span
from invoices.domain.lines.allocation import Allocation, allocate
from invoices.domain.lines.charge_sums import LATE_FROM
from invoices.domain.lines.one_line import first_rows, joined_as_written
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from leads.models.revision import facts_in_force
from pricing.models import Charge

ROWS_AT_A_TIME = 2_000

# Which line a charge belongs to: defined once, for the page, the files, the API, and the link from a charge to its line.
ON_LINE = f"""
      JOIN invoices_invoiceline line
        ON line.invoice_id = %(invoice)s
       AND line.kind = CASE WHEN charge.reason = '' THEN 'charges' ELSE 'not_charged' END
       AND line.reason = charge.reason
       AND line.action_type_id = action.action_type_id
       AND COALESCE(line.product_id, 0) = CASE WHEN charge.reason = '' THEN lead.product_id ELSE 0 END
       AND COALESCE(line.rule_id, 0) = CASE WHEN charge.reason = '' THEN charge.rule_id ELSE 0 END
       AND line.late_from = CASE WHEN charge.reason = '' THEN {LATE_FROM} ELSE '' END
"""
CHARGES = """
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_billingperiod period ON period.id = action.period_id
"""
WHERE = " WHERE action.period_id = %(period)s"
# The rest follows from ON_LINE; said again, it lets PostgreSQL read only actions of the line's type, which its index knows.
ONE_LINE = """
     AND line.id = %(line)s AND action.action_type_id = %(type)s AND charge.reason = %(reason)s
     AND (charge.reason <> '' OR lead.product_id = %(product)s AND charge.rule_id = %(rule)s)
"""
NAMES = f"""
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_source source ON source.id = lead.source_id
      JOIN leads_actiontype type ON type.id = action.action_type_id
      JOIN {facts_in_force("action_type", "unit")} facts
           ON facts.action_type_id = type.id
           AND (period.start_at AT TIME ZONE %(zone)s)::date >= facts.first_day
           AND (period.start_at AT TIME ZONE %(zone)s)::date < facts.until
      LEFT JOIN pricing_pricerule rule ON rule.id = charge.rule_id
"""
COLUMNS = f"""
    action.id, action.external_id, action.occurred_at, action.quantity, action.value, type.code, type.name, facts.unit,
    lead.id, lead.external_id, source.code, source.name, product.sku, product.name, action.delivery_id,
    {LATE_FROM}, charge.rule_id, rule.name, charge.reason, charge.full_amount, charge.cut_per_lead,
    charge.cut_per_period, charge.cut_by_budget, charge.amount, action.voided_after_close
"""
FLOOR = "trunc(charge.amount, %(places)s)"  # a charge is never negative
REMAINDER = f"charge.amount - {FLOOR}"

REMAINDERS = f"""
    SELECT line.position, line.amount, {REMAINDER}, count(*), sum(sum({FLOOR})) OVER (PARTITION BY line.position)
    {CHARGES} {ON_LINE} {WHERE} AND charge.reason = '' {{one_line}}
     GROUP BY 1, 2, 3
     ORDER BY 1, 3 DESC
"""
OF_INVOICE = f"""
    SELECT line.position, line.kind, line.description, {COLUMNS}
    {CHARGES} {ON_LINE} {NAMES} {WHERE}
     ORDER BY line.position, action.occurred_at, action.id
"""
OF_LINE = f"""
    SELECT {COLUMNS}
    {CHARGES} {ON_LINE} {NAMES} {WHERE} {ONE_LINE}
"""
OF_PERIOD = f"SELECT {COLUMNS} {CHARGES} {NAMES} {WHERE}"
IN_RATING_ORDER = " ORDER BY action.occurred_at, action.id"
# The filters for the charges of a period.
FILTERS = {
    "sku": " AND product.sku = %(sku)s",
    "type": " AND type.code = %(type)s",
    "reason": " AND charge.reason = %(reason)s",
}
BEFORE = f"""
    SELECT count(*), COALESCE(sum({FLOOR}), 0), count(*) FILTER (WHERE {REMAINDER} > %(threshold)s),
           count(*) FILTER (WHERE {REMAINDER} = %(threshold)s), COALESCE(sum(charge.amount), 0),
           COALESCE(sum(action.quantity), 0)
    {CHARGES} {ON_LINE} {WHERE} {ONE_LINE} AND (action.occurred_at, action.id) < (%(at)s, %(action)s)
"""
DAYS = f"""
    SELECT (action.occurred_at AT TIME ZONE %(zone)s)::date, count(*), sum(action.quantity)
    {CHARGES} {ON_LINE} {WHERE} {ONE_LINE}
     GROUP BY 1
     ORDER BY 1
"""
LINE_OF = f"SELECT line.id {CHARGES} {ON_LINE} {WHERE} AND action.id = %(action)s"


class DetailCharge(NamedTuple):
    """One charge with everything that the detail shows."""

    action: int
    action_id: str
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None
    type_code: str
    type_name: str
    unit: str
    lead: int
    lead_id: str
    source_code: str
    source_name: str
    sku: str
    product: str
    delivery: int
    late_from: str
    rule: int | None
    rule_name: str | None
    reason: str
    full_amount: Decimal
    cut_per_lead: Decimal | None
    cut_per_period: Decimal | None
    cut_by_budget: Decimal | None
    exact_amount: Decimal
    voided_after_close: bool  # after its period was closed

    @property
    def cuts(self) -> list[tuple[Charge.Cap, Decimal]]:
        """Return the amount that each cap cut, in the order of the caps."""
        cut = (self.cut_per_lead, self.cut_per_period, self.cut_by_budget)
        return [(cap, amount) for cap, amount in zip(Charge.Cap, cut, strict=True) if amount is not None]


class DetailLine(NamedTuple):
    """The line that a charge belongs to."""

    position: int
    kind: str
    description: str


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


ChargeCursor = tuple[datetime, int]  # of a charge in rating order: when its action occurred, and the action's id


def detail_of(invoice: Invoice) -> Iterator[tuple[DetailLine, DetailCharge, Decimal]]:
    """Stream every charge of the invoice with its line and its share, by line and in rating order."""
    spread, zero = allocations_of(invoice), money.rounded(money.ZERO, invoice.currency)
    for row in _streamed(OF_INVOICE, params_of_invoice(invoice)):
        line, charge = DetailLine._make(row[:3]), DetailCharge._make(row[3:])
        share = zero if charge.reason else spread[line.position].next_share(charge.exact_amount)
        yield line, charge, share


def unbilled_charges(period: BillingPeriod) -> Iterator[DetailCharge]:
    """Stream every charge of a period that is not on an invoice yet, in rating order."""
    params = {"period": period.pk, "zone": period.customer.time_zone}
    return map(DetailCharge._make, _streamed(OF_PERIOD + IN_RATING_ORDER, params))


def page_of_period(
    period: BillingPeriod, *, limit: int, after: ChargeCursor | None = None, **filters: str
) -> list[DetailCharge]:
    """Return at most `limit` charges of a period in rating order, optionally filtered by product, type or reason."""
    params: dict[str, Any] = {"period": period.pk, "zone": period.customer.time_zone, "limit": limit, **filters}
    sql = OF_PERIOD + "".join(FILTERS[name] for name, value in filters.items() if value)
    if after:
        sql += " AND (action.occurred_at, action.id) > (%(at)s, %(action)s)"
        params |= {"at": after[0], "action": after[1]}
    return [DetailCharge._make(row) for row in rows_of(f"{sql}{IN_RATING_ORDER} LIMIT %(limit)s", params)]


def allocations_of(invoice: Invoice, line: InvoiceLine | None = None) -> dict[int, Allocation]:
    """Return the allocation of each line of charges (or of one line) by position; raise DoesNotAddUp."""
    found = {}
    params = _params_of(line) if line else params_of_invoice(invoice)
    joined = joined_as_written() if line else nullcontext()
    with joined, closing(_streamed(REMAINDERS.format(one_line=ONE_LINE if line else ""), params)) as rows:
        for (position, amount, floors), alike in groupby(rows, key=lambda row: (row[0], row[1], row[4])):
            counted = ((row[2], row[3]) for row in alike)
            found[position] = allocate(amount, floors=floors, remainders=counted, currency=invoice.currency)
    return found


def page_of_line(
    line: InvoiceLine,
    *,
    limit: int,
    after: ChargeCursor | None = None,
    before: ChargeCursor | None = None,
    within: Span | None = None,
) -> list[DetailCharge]:
    """Return at most `limit` charges of a line, or of a span of it, in rating order: the first, or those next to the cursor."""
    params = _params_of(line)
    reverse = before is not None and after is None
    sql = OF_LINE
    if within:
        sql += " AND action.occurred_at >= %(start)s AND action.occurred_at < %(end)s"
        params |= {"start": within.start, "end": within.end}
    if place := before if reverse else after:
        sql += f" AND (action.occurred_at, action.id) {'<' if reverse else '>'} (%(at)s, %(action)s)"
        params |= {"at": place[0], "action": place[1]}
    order = "DESC" if reverse else "ASC"
    sql += f" ORDER BY action.occurred_at {order}, action.id {order}"
    rows = [DetailCharge._make(row) for row in first_rows(sql, params, limit)]
    return rows[::-1] if reverse else rows


def sums_before(line: InvoiceLine, first: DetailCharge, spread: Allocation) -> RunningSums:
    """Return the sums before the charge `first`, and advance `spread` to it."""
    return sums_at(line, (first.occurred_at, first.action), spread)


def sums_at(line: InvoiceLine, place: ChargeCursor, spread: Allocation) -> RunningSums:
    """Return the sums before a cursor, whether or not a charge is there, and advance `spread` to it."""
    params = {"at": place[0], "action": place[1], "threshold": spread.threshold}
    with joined_as_written():
        [(charges, floors, above, ties, exact, quantity)] = rows_of(BEFORE, _params_of(line, **params))
    return RunningSums(charges, quantity, exact, spread.skip(floors=floors, above=above, ties=ties))


def days_of_line(line: InvoiceLine) -> list[LineDay]:
    """Return the days, in the customer's time zone, on which the line's actions occurred, with their number and quantity."""
    return [LineDay._make(row) for row in rows_of(DAYS, _params_of(line))]


def line_of(charge: Charge) -> InvoiceLine | None:
    """Return the line that a charge belongs to; None if its period is not billed."""
    invoice = Invoice.objects.live().filter(period=charge.period_id).select_related("customer", "period").first()
    if invoice is None:
        return None
    found = rows_of(LINE_OF, params_of_invoice(invoice, action=charge.pk))
    return InvoiceLine.objects.select_related("invoice").get(pk=found[0][0]) if found else None


def params_of_invoice(invoice: Invoice, **more: object) -> dict[str, Any]:
    """Return what the queries of an invoice's charges ask for."""
    places = -int(money.minor_unit(invoice.currency).as_tuple().exponent)
    zone = invoice.customer.time_zone
    return {"invoice": invoice.pk, "period": invoice.period_id, "zone": zone, "places": places} | more


def _params_of(line: InvoiceLine, **more: object) -> dict[str, Any]:
    key = {"type": line.action_type_id, "reason": line.reason, "product": line.product_id, "rule": line.rule_id}
    return params_of_invoice(line.invoice, line=line.pk, **key, **more)


def rows_of(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _streamed(sql: str, params: dict[str, Any]) -> Generator[tuple[Any, ...], None, None]:
    """Read through a server-side cursor, so that unread rows stay in PostgreSQL."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows
