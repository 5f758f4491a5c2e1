"""Decisions become charges by COPY, in the order of their actions."""

from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from django.db import connection

from leads.models import BillingPeriod
from pricing.rating.facts import Decision

NULL = r"\N"

COPY = (
    "COPY pricing_charge (action_id, period_id, rule_id, reason, amount, full_amount, cap, quantity_before,"
    " value_before, paid_by_id) FROM STDIN"
)


def copy_charges(period: BillingPeriod, batches: Iterable[list[Decision]]) -> None:
    """Write one charge per decision, a COPY per batch. Reading and writing share one connection: they take turns."""
    with connection.cursor() as cursor:
        for decisions in batches:
            cursor.copy_expert(COPY, StringIO(charge_lines(period.pk, decisions)))


def charge_lines(period: int, decisions: Iterable[Decision]) -> str:
    """What COPY reads. To it 2500000e-6 is 2.500000: no number is divided on the way."""
    return "".join(
        [
            f"{action}\t{period}\t{NULL if rule is None else rule}\t{reason}\t"
            f"{amount}e-6\t{full_amount}e-6\t{cap}\t{quantity}e-6\t"
            f"{f'{value}e-6' if value else NULL}\t{NULL if paid_by is None else paid_by}\n"
            for action, rule, reason, amount, full_amount, cap, quantity, value, paid_by in decisions
        ]
    )


def in_units(micro_units: int) -> Decimal:
    """An integer of micro-units as a Decimal of six places."""
    return Decimal(micro_units).scaleb(-6)
