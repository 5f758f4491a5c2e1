"""Billing activity of a customer by month, product, source and action type."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.read_replica import connection
from invoices.domain.lines.charge_sums import LATE_FROM
from leads.models import Customer
from leads.models.revision import facts_in_force

ROWS_AT_A_TIME = 2_000

# Grouped by IDs first, so that names are only looked up for the groups. An action without a charge is unrated: reason NULL.
ACTIVITY = f"""
    WITH counted AS (
        SELECT action.period_id, {LATE_FROM} AS late_from, lead.product_id, lead.source_id, action.action_type_id, charge.reason,
               count(*) AS actions, sum(action.quantity) AS quantity, sum(charge.amount) AS amount
          FROM leads_action action
          JOIN leads_lead lead ON lead.id = action.lead_id
          JOIN leads_billingperiod period ON period.id = action.period_id
          LEFT JOIN pricing_charge charge ON charge.action_id = action.id
         WHERE period.customer_id = %(customer)s AND (%(month)s = '' OR period.label = ANY(%(labels)s))
         GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT period.label, period.start_at, period.end_at, counted.late_from,
           product.sku, product.name, source.name, type.name, facts.unit, counted.reason,
           counted.actions, counted.quantity, counted.amount
      FROM counted
      JOIN leads_billingperiod period ON period.id = counted.period_id
      JOIN leads_product product ON product.id = counted.product_id
      JOIN leads_source source ON source.id = counted.source_id
      JOIN leads_actiontype type ON type.id = counted.action_type_id
      JOIN {facts_in_force("action_type", "unit")} facts
           ON facts.action_type_id = type.id
           AND (period.start_at AT TIME ZONE %(zone)s)::date >= facts.first_day
           AND (period.start_at AT TIME ZONE %(zone)s)::date < facts.until
     ORDER BY period.start_at, counted.late_from, product.name, product.id, source.name, source.id,
              type.name, type.id, counted.reason
"""  # noqa: S608 -- an expression of our own
NAMES = 9  # columns before the counts


@dataclass(slots=True)
class Counted:
    """How many actions there are, their outcomes, and the exact amount with six decimals."""

    actions: int = 0
    charged: int = 0
    excluded: dict[str, int] = field(default_factory=dict)  # by reason
    unrated: int = 0
    quantity: Decimal = Decimal(0)  # of charged actions
    amount: Decimal = Decimal(0)

    def add(self, reason: str | None, actions: int, quantity: Decimal, amount: Decimal) -> None:
        """Add actions with one outcome: charged (reason ""), excluded for a reason, or unrated (None)."""
        self.actions += actions
        if reason is None:
            self.unrated += actions
        elif reason:
            self.excluded[reason] = self.excluded.get(reason, 0) + actions
        else:
            self.charged += actions
            self.quantity += quantity
            self.amount += amount

    def merge(self, other: "Counted") -> None:
        """Add another count."""
        self.actions += other.actions
        self.charged += other.charged
        self.unrated += other.unrated
        self.quantity += other.quantity
        self.amount += other.amount
        for reason, actions in other.excluded.items():
            self.excluded[reason] = self.excluded.get(reason, 0) + actions


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One billing period × when its late activity occurred × product × source × action type."""

    month: str
    start_at: datetime
    end_at: datetime
    late_from: str  # as on an invoice line
    sku: str
    product: str
    source: str
    action_type: str
    unit: str
    counted: Counted


def activity_of(customer: Customer, *, month: str = "") -> Iterator[ActivityRow]:
    """Stream the rows of one month or of all months in the order of their names, from one query."""
    for names, outcomes in groupby(_rows(customer, month), key=lambda row: row[:NAMES]):
        counted = Counted()
        for row in outcomes:
            counted.add(*row[NAMES:])
        yield ActivityRow(*(*names, counted))


def total_of(rows: Iterable[ActivityRow]) -> Counted:
    """Add up all rows."""
    total = Counted()
    for row in rows:
        total.merge(row.counted)
    return total


def _rows(customer: Customer, month: str) -> Iterator[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "customer": customer.pk,
        "zone": customer.time_zone,
        "month": month,
        "labels": list(labels_of(month)),
    }
    with connection().chunked_cursor() as cursor:
        cursor.execute(ACTIVITY, parameters)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows
