"""The shares of chosen charges in their lines' rounded amounts, the same as the detail of the invoice shows."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.lines.detail import CHARGES, FLOOR, ON_LINE, REMAINDER, WHERE, params_of_invoice, rows_of
from invoices.domain.lines.one_line import allocation_of, ties_of
from invoices.models import Invoice, InvoiceLine

CHOSEN = f"""
    SELECT line.id, action.id, {FLOOR}, {REMAINDER}
    {CHARGES} {ON_LINE} {WHERE} AND charge.reason = '' AND action.id = ANY(%(actions)s)
     ORDER BY 1, 2
"""


def shares_of(invoice: Invoice, actions: Collection[int]) -> dict[InvoiceLine, dict[int, Decimal]]:
    """Return the share of each of these actions' charges, by line; actions that are not charged on the invoice are left out."""
    by_line = defaultdict[int, list[tuple[int, Decimal, Decimal]]](list)
    for line, *charge in rows_of(CHOSEN, params_of_invoice(invoice, actions=list(actions))):
        by_line[line].append((charge[0], charge[1], charge[2]))
    lines = invoice.lines.in_bulk(by_line)
    return {lines[pk]: _shares(invoice, lines[pk], charges) for pk, charges in by_line.items()}


def _shares(invoice: Invoice, line: InvoiceLine, charges: list[tuple[int, Decimal, Decimal]]) -> dict[int, Decimal]:
    line.invoice = invoice  # with its customer and period, which need not be read again
    spread, unit = allocation_of(line), money.minor_unit(invoice.currency)
    # Of the charges at the threshold, the first ones get one unit more.
    alike = [action for action, _, remainder in charges if spread.ties and remainder == spread.threshold]
    places = ties_of(line, spread, alike) if alike else {}
    shares = dict[int, Decimal]()
    for action, floor, remainder in charges:
        gets_more = remainder > spread.threshold or (action in places and places[action] <= spread.ties)
        shares[action] = (floor + unit if gets_more else floor).quantize(unit)
    return shares
