"""Break what is stored on purpose, and see which invariants report it."""

from typing import Any

from django.db import connection

from billing_engine.core.calendar.spans import Month
from invoices.models import Invoice
from reports.queries.sums.invariant import Breach, Sides
from reports.queries.sums.invariants import invariants


def by_hand(sql: str, *facts: Any) -> None:
    """Run SQL with triggers and foreign keys off, which our own code can't do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, facts)
        cursor.execute("SET LOCAL session_replication_role = origin")


def without(table: str, *constraints: str) -> None:
    """Drop the constraints that would refuse it, until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # deferred checks would block this
        for name in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def broken(month: Month | None = None) -> dict[str, list[Breach]]:
    """Return the violated invariants, each with its rows."""
    return {found.number: found.breaches for found in invariants(month) if not found.holds}


def sides() -> dict[str, list[Sides]]:
    return {found.number: found.sides for found in invariants()}


def rows_differ(invoice: Invoice, days: int = 1, months: int = 1) -> list[Breach]:
    """The roll-up of the invoice's period has so many rows that the charges do not say."""
    found = {"day": days, "month": months}
    words = [f"{n} row{'s' * (n != 1)} by {form} differ{'s' * (n == 1)}" for form, n in found.items() if n]
    return [Breach("leads.billingperiod", invoice.period_id, each) for each in words]
