"""A report for tests: as many rows as its question says, read from the database, as slowly as it says."""

import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.http import QueryDict

from billing_engine.core.errors import Refused
from billing_engine.core.read_replica import rows_of
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from reports.domain.exports.registry import Exportable, register

SQL = """
    SELECT 'Row ' || n, n, n::numeric(18, 6) / 1000, DATE '2026-01-01' + (n %% 365)::int,
           TIMESTAMPTZ '2026-01-01 00:00Z' + n * INTERVAL '1 s'
      FROM generate_series(1, %(rows)s::bigint) AS n
"""
COLUMNS = (
    Column("Name"),
    Column("Number", Kind.INTEGER),
    Column("Amount", Kind.DECIMAL),
    Column("Day", Kind.DATE),
    Column("At", Kind.INSTANT),
)


class BadNumber(Refused):
    """The question makes no sense."""

    code = "bad_number"
    message = "How many rows?"


def numbers_table(query: str, _: User, __: datetime) -> Table:
    """`rows=1000&slow=1`: with a pause after every thousand rows; `&lost=1`: one row fewer than counted."""
    asked = QueryDict(query)
    if not asked.get("rows", "").isdecimal():
        raise BadNumber
    rows = int(asked["rows"])
    notes = Notes("How many numbers are there?", "UTC", total_rows=rows + ("lost" in asked))
    return Table("numbers", "Numbers", COLUMNS, _rows(rows, is_slow="slow" in asked), notes)


def _rows(rows: int, *, is_slow: bool) -> Iterator[tuple[Cell, ...]]:
    for row in rows_of(SQL, {"rows": rows}):
        if is_slow and row[1] % 1_000 == 0:
            time.sleep(0.05)
        yield (*row[:2], Decimal(row[2]).quantize(Decimal("0.000001")), *row[3:])


register(Exportable("numbers", needs=("pricing.view_charge",), table=numbers_table))
