"""How the queries of one line's charges are made quick, however many charges it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# PostgreSQL can't tell how many charges a line has, and expects one: it would look up each of 100,000 separately. So the
# queries of one line are joined as written, from the actions on, which an index has in rating order.
AS_WRITTEN = "SET LOCAL join_collapse_limit = 1; SET LOCAL max_parallel_workers_per_gather = 0"
AS_PLANNED = "RESET join_collapse_limit; RESET max_parallel_workers_per_gather; RESET enable_sort"
IN_ORDER = "SET LOCAL enable_sort = off"  # a page needs the first rows of the index, and none of the others


def first_rows(sql: str, params: dict[str, Any], limit: int) -> list[tuple[Any, ...]]:
    """Read the first rows in their order and leave the others, however many there may be."""
    with joined_as_written(), connection.cursor() as settings:
        settings.execute(IN_ORDER)
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchmany(limit)
    return rows


@contextmanager
def joined_as_written() -> Iterator[None]:
    """For the queries of one line, in a transaction; if one fails, its rollback undoes this, too."""
    with transaction.atomic(), connection.cursor() as settings:
        settings.execute(AS_WRITTEN)
        yield
        settings.execute(AS_PLANNED)
