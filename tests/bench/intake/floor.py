"""The floor: what PostgreSQL needs for the same rows by COPY into the same tables, and how they are emptied again."""

import time
from dataclasses import dataclass
from io import StringIO

from django.db import connection, transaction

TABLES = ("leads_lead", "leads_action")


@dataclass(frozen=True)
class Rows:
    """What the endpoint stored, as the text that COPY reads."""

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
        """Write them once more, leads and actions, in one transaction; answers the seconds until it is durable."""
        files = {table: StringIO(text) for table, text in self.text.items()}
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, file in files.items():
                cursor.copy_expert(f"COPY {table} FROM STDIN", file)
        return time.perf_counter() - started


def empty() -> None:
    """Empty what a delivery writes, and a checkpoint, so that every measurement starts alike."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE leads_lead, leads_action, leads_delivery, leads_quarantineditem, leads_unratedmark CASCADE"
        )
        cursor.execute("CHECKPOINT")
