"""The shares of chosen charges in their lines' rounded amounts, the same as the detail of the invoice shows."""

from collections.abc import Collection
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.lines.detail import (
    CHARGES,
    FLOOR,
    ON_LINE,
    REMAINDER,
    WHERE,
    allocations_of,
    params_of_invoice,
    rows_of,
)
from invoices.models import Invoice, InvoiceLine

# The place of a charge among those of its line with the same remainder decides which of them get one unit more.
PLACED = f"""
    SELECT * FROM (
        SELECT line.id, action.id AS action, {FLOOR}, {REMAINDER},
               row_number() OVER (PARTITION BY line.id, {REMAINDER} ORDER BY action.occurred_at, action.id)
        {CHARGES} {ON_LINE} {WHERE} AND charge.reason = ''
           AND line.id IN (SELECT line.id {CHARGES} {ON_LINE} {WHERE} AND action.id = ANY(%(actions)s))
    ) placed
     WHERE action = ANY(%(actions)s)
     ORDER BY 1, 2
"""  # noqa: S608 -- the fragments of the detail


def shares_of(invoice: Invoice, actions: Collection[int]) -> dict[InvoiceLine, dict[int, Decimal]]:
    """Return the share of each of these actions' charges, by line; actions that are not charged on the invoice are left out."""
    found = rows_of(PLACED, params_of_invoice(invoice, actions=list(actions)))
    lines = invoice.lines.in_bulk({row[0] for row in found})
    spread = {pk: allocations_of(invoice, _of(invoice, line))[line.position] for pk, line in lines.items()}
    unit, shares = money.minor_unit(invoice.currency), dict[InvoiceLine, dict[int, Decimal]]()
    for line, action, floor, remainder, place in found:
        each = spread[line]
        gets_more = remainder > each.threshold or (remainder == each.threshold and place <= each.ties)
        shares.setdefault(lines[line], {})[action] = (floor + unit if gets_more else floor).quantize(unit)
    return shares


def _of(invoice: Invoice, line: InvoiceLine) -> InvoiceLine:
    line.invoice = invoice  # with its customer and period, which need not be read again
    return line
