"""The lower bound: PostgreSQL's time for the same rows with COPY into the same tables, and emptying the tables."""

import time
from dataclasses import dataclass
from io import StringIO

from django.db import connection, transaction

from tests.bench.measure import execute, truncate

TABLES = ("leads_lead", "leads_action")


@dataclass(frozen=True)
class Rows:
    """What the endpoint stored, as text for COPY."""

    leads: int
    text: dict[str, str]

    @classmethod
    def stored(cls) -> "Rows":
        text = {}
        with connection.cursor() as cursor:
            for table in TABLES:
                copy = StringIO()
                cursor.copy_expert(f"COPY {table} TO STDOUT", copy)
                text[table] = copy.getvalue()
        return cls(text["leads_lead"].count("\n"), text)

    def copy_back(self) -> float:
        """Write the rows again, leads and actions, in one transaction; return the seconds until they are durable."""
        files = {table: StringIO(text) for table, text in self.text.items()}
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, file in files.items():
                cursor.copy_expert(f"COPY {table} FROM STDIN", file)
        return time.perf_counter() - started


def empty() -> None:
    """Empty the tables that a delivery writes, and checkpoint, so that every measurement starts equally."""
    truncate("leads_lead", "leads_action", "leads_delivery", "leads_quarantineditem", "leads_unratedmark")
    execute("CHECKPOINT")
