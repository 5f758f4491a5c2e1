"""One worker at a time: a lock that spans several transactions and ends with the worker's connection."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection


@contextmanager
def held(task: str, item_id: int) -> Iterator[bool]:
    """Whether this worker has the item until the end of the block; PostgreSQL frees it at once if the worker dies."""
    key = f"{task} {item_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(Error), connection.cursor() as cursor:  # a broken connection has already released it
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
