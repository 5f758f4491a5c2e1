"""One worker at a time: a lock that spans several transactions and ends with the worker's connection."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from django.db import Error, connection

LOCK = """
    SELECT id FROM unnest(%s::bigint[]) AS of (id) WHERE pg_try_advisory_lock(hashtextextended(%s || ' ' || id, 0))
"""
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s || ' ' || id, 0)) FROM unnest(%s::bigint[]) AS of (id)"


@contextmanager
def held(task: str, item_id: int) -> Iterator[bool]:
    """Whether this worker has the item until the end of the block; PostgreSQL frees it at once if the worker dies."""
    with all_held(task, [item_id]) as ours:
        yield bool(ours)


@contextmanager
def all_held(task: str, item_ids: Sequence[int]) -> Iterator[list[int]]:
    """Those of the items that this worker has until the end of the block, in order."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(item_ids), task])
        ours = sorted(pk for (pk,) in cursor.fetchall())
    try:
        yield ours
    finally:
        if ours:
            with suppress(Error), connection.cursor() as cursor:  # a broken connection has already released them
                cursor.execute(UNLOCK, [task, ours])
