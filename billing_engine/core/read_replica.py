"""Reports may read from a read replica; everything else reads from the primary database.

A replica lags a moment behind. Code that bases decisions on a read, or that has just written, reads from the primary.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

COPY = "copy"
ROWS_AT_A_TIME = 2_000

_reporting: ContextVar[bool] = ContextVar("reporting", default=False)

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Row = TypeVar("Row")


@contextmanager
def reporting() -> Iterator[None]:
    """Reads inside may be a moment old."""
    token = _reporting.set(True)
    try:
        yield
    finally:
        _reporting.reset(token)


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


def connection() -> BaseDatabaseWrapper:
    """The connection for the raw SQL of reports."""
    return connections[_alias() or DEFAULT_DB_ALIAS]


def rows_of(sql: str, asked: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of one statement, which sees one snapshot; streamed."""
    with connection().chunked_cursor() as cursor:
        cursor.execute(sql, asked)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows


def _alias() -> str | None:
    return COPY if _reporting.get() and COPY in connections.databases else None


class CopyRouter:
    """Routes report reads to the replica, if there is one."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return _alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS
