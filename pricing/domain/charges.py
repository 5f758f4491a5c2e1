"""Decisions become charges by COPY, in the order of their actions."""

from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from itertools import islice

from django.db import connection

from leads.models import BillingPeriod
from pricing.rating.facts import Decision

# Large enough that a COPY's own cost vanishes, small enough that memory stays flat. Reading and writing share one
# connection, so they take turns batch by batch.
DECISIONS_AT_A_TIME = 20_000

NULL = r"\N"

COPY = (
    "COPY pricing_charge (action_id, period_id, rule_id, reason, amount, full_amount, cap, quantity_before) FROM STDIN"
)


def copy_charges(period: BillingPeriod, decisions: Iterable[Decision]) -> None:
    """Write one charge per decision."""
    decisions = iter(decisions)
    with connection.cursor() as cursor:
        while lines := "".join([_line(period.pk, decision) for decision in islice(decisions, DECISIONS_AT_A_TIME)]):
            cursor.copy_expert(COPY, StringIO(lines))


def _line(period: int, decision: Decision) -> str:
    action, rule, reason, amount, full_amount, cap, before = decision
    # PostgreSQL reads 2500000e-6 as 2.500000: no number is divided on the way.
    return (
        f"{action}\t{period}\t{NULL if rule is None else rule}\t{reason}\t"
        f"{amount}e-6\t{full_amount}e-6\t{cap}\t{before}e-6\n"
    )


def in_units(micro_units: int) -> Decimal:
    """An integer of micro-units as a Decimal of six places."""
    return Decimal(micro_units).scaleb(-6)
