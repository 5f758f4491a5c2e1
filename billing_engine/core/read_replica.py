"""Reports may read from a read replica; everything else reads from the primary database.

A replica lags a moment behind, and the pages that read from it say how far. Code that bases decisions on a read, or that
has just written, reads from the primary. While the replica can't be reached, reports read from the primary too.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

COPY = "copy"
ROWS_AT_A_TIME = 2_000
ROOM_FOR_SUMS = "SET LOCAL hash_mem_multiplier = 16"
# A machine that is gone takes seconds to be noticed, so not every report tries.
RETRY_SECONDS = 30
# While the primary writes, a replica is always some milliseconds behind, which is not worth a word.
MOMENTS, MOMENT_SECONDS = 5, 0.02
WRITTEN = "SELECT pg_current_wal_flush_lsn(), clock_timestamp()"
REPLAYED = """
    SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn, pg_last_xact_replay_timestamp() WHERE pg_is_in_recovery()
"""

_reading: ContextVar[str | None] = ContextVar("reading", default=None)
_unreachable_until = 0.0

logger = logging.getLogger(__name__)

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a report's data is; without an instant, the replica has replayed nothing yet or can't be reached."""

    is_reachable: bool
    as_of: datetime | None = None
    behind: timedelta | None = None


@contextmanager
def reporting() -> Iterator[None]:
    """Reads inside may be a moment old; without a replica that answers, they come from the primary."""
    alias = _reading.get() or (COPY if COPY in connections.databases and _answers() else DEFAULT_DB_ALIAS)
    token = _reading.set(alias)
    try:
        yield
    finally:
        _reading.reset(token)


def freshness() -> Freshness | None:
    """How old the data is that a report reads now; None if it comes from the primary by choice, not by need."""
    if COPY not in connections.databases:
        return None
    if _alias() != COPY:
        return Freshness(is_reachable=False)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(WRITTEN)
        written, now = cursor.fetchone()
    last_commit = None
    with connections[COPY].cursor() as cursor:
        for _ in range(MOMENTS):
            cursor.execute(REPLAYED, [written])
            row = cursor.fetchone()
            if row is None:  # no replica: the reader's login on the primary itself
                return None
            has_all, last_commit = row
            if has_all:
                return Freshness(is_reachable=True, as_of=now, behind=timedelta(0))
            time.sleep(MOMENT_SECONDS)
    return Freshness(is_reachable=True, as_of=last_commit, behind=last_commit and now - last_commit)


def _answers() -> bool:
    """Whether the replica accepts statements; one that did not is left alone for a while."""
    global _unreachable_until  # noqa: PLW0603 -- one memory per process, like its connections
    if time.monotonic() < _unreachable_until:
        return False
    try:
        with connections[COPY].cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        logger.warning("The read replica can't be reached, so reports read from the primary: %s", error)
        connections[COPY].close()
        _unreachable_until = time.monotonic() + RETRY_SECONDS
        return False
    return True


def from_copy(reads: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The same function, reading from the replica if there is one."""

    @wraps(reads)
    def reading(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with reporting():
            return reads(*args, **kwargs)

    return reading


def rows_from_copy(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, no matter when they are fetched."""
    with reporting():
        yield from rows


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All reads inside see the database as it was at the first of them; inside a transaction, the caller's isolation stands."""
    reads = connection()
    is_first = not reads.in_atomic_block
    with transaction.atomic(using=reads.alias):
        if is_first:
            with reads.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def connection() -> BaseDatabaseWrapper:
    """The connection for the raw SQL of reports."""
    return connections[_alias() or DEFAULT_DB_ALIAS]


def rows_of(sql: str, asked: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of one statement, which sees one snapshot; streamed."""
    with connection().chunked_cursor() as cursor:
        cursor.execute(sql, asked)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows


def few_rows_of(sql: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement that sums up many into few; not streamed, so that PostgreSQL may use several workers.

    With the stock memory, PostgreSQL expects sums of some thousand groups not to fit, and reads rows in the groups' order.
    """
    with connection().cursor() as cursor:
        cursor.execute(f"{ROOM_FOR_SUMS}; {sql}", asked)
        return list(cursor.fetchall())


def _alias() -> str | None:
    return _reading.get()


class CopyRouter:
    """Routes report reads to the replica, if there is one that answers."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return _alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS
