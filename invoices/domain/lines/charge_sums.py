"""The charges of a period, summed per invoice line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from billing_engine.core import money
from leads.models import BillingPeriod
from pricing.models import Charge

# For late activity: the first day of the customer's period in which it occurred, or of the month if it occurred before
# the customer was billed. `wording` turns that day into a name.
LATE_FROM = """
    CASE WHEN action.occurred_at >= period.start_at AND action.occurred_at < period.end_at THEN ''
         ELSE to_char(COALESCE(
             (SELECT own.start_at FROM leads_billingperiod own WHERE own.customer_id = period.customer_id
                 AND own.start_at <= action.occurred_at AND own.end_at > action.occurred_at) AT TIME ZONE %(zone)s,
             date_trunc('month', action.occurred_at AT TIME ZONE %(zone)s)), 'YYYY-MM-DD') END
"""
KEY = f"lead.product_id, action.action_type_id, charge.rule_id, {LATE_FROM} AS late_from"
OF_THE_PERIOD = """
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_billingperiod period ON period.id = action.period_id
     WHERE action.period_id = %(period)s
"""
# One query for everything on the invoice.
SUMMED = f"""
    SELECT charge.reason, {KEY},
           count(*), sum(action.quantity), sum(charge.amount), sum(charge.full_amount),
           sum(charge.cut_per_lead), sum(charge.cut_per_period), sum(charge.cut_by_budget)
    {OF_THE_PERIOD}
     GROUP BY 1, 2, 3, 4, 5
"""
INDIVIDUAL_CHARGES = f"""
    SELECT {KEY}, charge.quantity_before, charge.value_before, action.quantity, action.value
    {OF_THE_PERIOD} AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
     ORDER BY action.occurred_at, action.id
"""
# PostgreSQL plans a cursor for its first rows; all rows are needed here.
ALL_ROWS_SOON = "SET LOCAL cursor_tuple_fraction = 1"


class LineKey(NamedTuple):
    """What the charges of one line have in common."""

    product: int
    action_type: int
    rule: int
    late_from: str


class Sums(NamedTuple):
    """The sums of one line's charges, before and after caps."""

    actions: int
    quantity: Decimal
    amount: Decimal
    full_amount: Decimal


class NotCharged(NamedTuple):
    """What the excluded actions of one line have in common."""

    action_type: int
    reason: str


class Excluded(NamedTuple):
    """The number and quantity of excluded actions."""

    actions: int
    quantity: Decimal


class TieredCharge(NamedTuple):
    """The part of a charge that determines which tiers it falls into."""

    quantity_before: Decimal
    value_before: Decimal | None
    quantity: Decimal
    value: Decimal | None


@dataclass(slots=True)
class ChargeSums:
    """All charges of a period, summed per line."""

    charged: dict[LineKey, Sums] = field(default_factory=dict)
    trimmed: dict[LineKey, dict[str, Decimal]] = field(default_factory=dict)  # what caps took off each line, by cap
    not_charged: dict[NotCharged, Excluded] = field(default_factory=dict)

    def add(self, reason: str, key: LineKey, sums: Sums, cuts: dict[str, Decimal]) -> None:
        """Add the charges of one outcome, and what each cap cut."""
        if reason:
            place = NotCharged(key.action_type, reason)
            actions, quantity = self.not_charged.get(place, (0, money.ZERO))
            self.not_charged[place] = Excluded(actions + sums.actions, quantity + sums.quantity)
            return
        self.charged[key] = sums
        if cuts:
            self.trimmed[key] = cuts


def sum_charges(period: BillingPeriod) -> ChargeSums:
    """Sum a period's charges per line, the amounts cut by caps, and the excluded actions by type and reason."""
    found = ChargeSums()
    with connection.cursor() as cursor:
        cursor.execute(SUMMED, {"period": period.pk, "zone": period.customer.time_zone})
        for reason, *row in cursor.fetchall():
            cuts = {cap.value: cut for cap, cut in zip(Charge.Cap, row[8:], strict=True) if cut is not None}
            found.add(reason, LineKey._make(row[:4]), Sums._make(row[4:8]), cuts)
    return found


def stream_charges(period: BillingPeriod, rules: list[int]) -> Iterator[tuple[LineKey, TieredCharge]]:
    """Stream the individual charges of these rules in rating order."""
    params: dict[str, int | str | list[int]] = {
        "period": period.pk,
        "zone": period.customer.time_zone,
        "rules": rules,
    }
    with connection.cursor() as cursor:
        cursor.execute(ALL_ROWS_SOON)
    # Streamed through a server-side cursor, as there may be one per action.
    with connection.chunked_cursor() as cursor:
        cursor.execute(INDIVIDUAL_CHARGES, params)
        while rows := cursor.fetchmany(5_000):
            for row in rows:
                yield LineKey._make(row[:4]), TieredCharge._make(row[4:])
