"""Tests as the app's database login: within the test's transaction, with exactly the rights that `migrate` grants."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db import connection
from psycopg2.sql import SQL, Identifier

from billing_engine.operations.database_roles import grant_access


@contextmanager
def as_app() -> Iterator[None]:
    """What is done inside is done by the app's role; the rights are rolled back with the test."""
    with _granted() as (app, _), _as(app):
        yield


@contextmanager
def as_reader() -> Iterator[None]:
    """What is done inside is done by the reader's role."""
    with _granted() as (_, reader), _as(reader):
        yield


@contextmanager
def as_owner() -> Iterator[None]:
    """Within `as_app`, for what a test prepares and the app may not do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
        cursor.execute("RESET ROLE")
        yield
        cursor.execute(SQL("SET ROLE {}").format(Identifier(role)))


@contextmanager
def _granted() -> Iterator[tuple[str, str]]:
    assert connection.in_atomic_block, "The rights must be rolled back with the test."
    app, reader = _roles()
    grant_access(app=app, reader=reader)
    yield app, reader


@contextmanager
def _as(role: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(SQL("SET ROLE {}").format(Identifier(role)))
    try:
        yield
    finally:
        if not connection.needs_rollback:  # otherwise the rollback resets it
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")


def _roles() -> tuple[str, str]:
    """Two roles of this test database, which no login uses; made once, on a connection of its own."""
    database = connection.settings_dict
    names = (f"app_of_{database['NAME']}", f"reader_of_{database['NAME']}")
    server = psycopg2.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
    )
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            for name in names:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
                if not cursor.fetchone():
                    cursor.execute(SQL("CREATE ROLE {}").format(Identifier(name)))
    finally:
        server.close()
    return names
