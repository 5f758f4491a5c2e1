"""Which large tables were read as a whole: a small size must not meet other plans than a large one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

LARGE = ("leads_action", "leads_lead", "pricing_charge")


@dataclass
class Reading:
    """How often each large table was read from its first row to its last."""

    times: dict[str, int] = field(default_factory=dict)

    def words(self) -> str:
        found = ", ".join(f"{table} {times:,} times" for table, times in self.times.items() if times)
        return f"Large tables read as a whole meanwhile: {found or 'none'}."


@contextmanager
def reading() -> Iterator[Reading]:
    """Count inside; other processes have reported their counts when they have ended."""
    before, found = _counts(), Reading()
    yield found
    after = _counts()
    found.times = {table: after[table] - before[table] for table in LARGE}


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)", [list(LARGE)])
        return dict(cursor.fetchall())
