"""How issued invoices stand: which have something left, as open items have, and which of those are past due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from billing_engine.core.calendar.edges import FARTHEST_WEST, today_somewhere
from billing_engine.core.read_replica import few_rows_of
from invoices.domain.lines.books import OpenSum

# So many ids are read once; of more, each query of the list finds them again.
READ_AT_MOST = 10_000
# The amount of an item less its matches, as everywhere; without a day, because a list shows what is so now. Only where the
# due day is near does each customer's own today matter, which is slow to ask for.
OPEN = """
    SELECT item.invoice_id, item.currency, item.amount - COALESCE(used.amount, 0) AS left_over,
           item.due_on < {surely} OR (item.due_on < {perhaps} AND item.due_on < (
               SELECT ({at} AT TIME ZONE customer.time_zone)::date FROM leads_customer customer
                WHERE customer.id = item.customer_id)) AS is_overdue
      FROM receivables_ledgerdocument item
      LEFT JOIN (SELECT debit_id, sum(amount) AS amount FROM receivables_allocation GROUP BY debit_id) used
             ON used.debit_id = item.id
     WHERE item.kind = 'invoice' AND item.side = 'debit' AND item.amount > COALESCE(used.amount, 0)
"""
NAMED = OPEN.format(surely="%(surely)s", perhaps="%(perhaps)s", at="%(at)s")
SUMS = f"""
    SELECT open.currency, open.is_overdue, count(*), sum(open.left_over), sum(invoice.total)
      FROM ({NAMED}) open JOIN invoices_invoice invoice ON invoice.id = open.invoice_id
     GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 -- a statement of our own
IDS = f"SELECT open.invoice_id FROM ({NAMED}) open WHERE open.is_overdue = ANY (%(which)s) LIMIT {READ_AT_MOST + 1}"  # noqa: S608 -- as above
# Django's expressions take their parameters by place, in the order of the text.
IN_PLACE = OPEN.format(surely="%s", perhaps="%s", at="%s")
ALL_IDS = f"SELECT open.invoice_id FROM ({IN_PLACE}) open WHERE open.is_overdue = ANY (%s)"  # noqa: S608 -- as above


def open_sums(at: datetime) -> Sequence[OpenSum]:
    """Return by currency what open invoices have left, those past due apart."""
    return [OpenSum(*row) for row in few_rows_of(SUMS, _asked(at))]


def open_invoices(at: datetime, *, is_overdue: bool | None) -> Q:
    """Return the condition that an invoice is open; and past due, or not."""
    asked = _asked(at) | {"which": [True, False] if is_overdue is None else [is_overdue]}
    ids = [pk for (pk,) in few_rows_of(IDS, asked)]
    if len(ids) <= READ_AT_MOST:
        return Q(pk__in=ids)
    return Q(pk__in=RawSQL(ALL_IDS, list(asked.values())))  # noqa: S611 -- as above


def _asked(at: datetime) -> dict[str, Any]:
    return {"surely": (at - FARTHEST_WEST).date(), "perhaps": today_somewhere(at), "at": at}
