"""Tests as the app's database login: within the test's transaction, with exactly the rights that `migrate` grants."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS
from psycopg2.sql import SQL, Identifier

from billing_engine.operations.database_roles import access_of

CHECKOUT = Path(__file__).resolve().parent.parent
OF_THE_OWNER = tuple(str(CHECKOUT / "billing_engine" / path) for path in ("roles.py", "operations/schedule.py"))


@contextmanager
def as_app() -> Iterator[None]:
    """All that the product's code does inside is done by the app's role; what the test itself prepares, by the owner."""
    with _granted() as (app, _), connection.execute_wrapper(partial(_by_whoever_asks, app)):
        yield


@contextmanager
def as_role(name: str) -> Iterator[None]:
    """All that is done inside is done by the role `app` or `reader`."""
    with _granted() as (app, reader), connection.cursor() as cursor:
        cursor.execute(SQL("SET ROLE {}").format(Identifier({"app": app, "reader": reader}[name])))
        yield
        cursor.execute("RESET ROLE")


def _by_whoever_asks(app: str, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    connected = context["connection"].connection  # a thread of rating uses the connection of another one
    status = connected.info.transaction_status
    if status == TRANSACTION_STATUS_INTRANS and not str(sql).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
        role = SQL("SET ROLE {}").format(Identifier(app)) if _asks_for_the_product() else SQL("RESET ROLE")
        with connected.cursor() as cursor:  # below Django, so that no test counts it as a query
            cursor.execute(role)
    return execute(sql, params, many, context)


def _asks_for_the_product() -> bool:
    """Whether the innermost frame of ours is in the product, or a request is being answered."""
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.endswith("django/core/handlers/base.py"):
            return True
        if path.startswith(str(CHECKOUT)) and "/.venv/" not in path and path != __file__:
            return not path.startswith((str(CHECKOUT / "tests"), *OF_THE_OWNER))
        frame = frame.f_back
    return False


@contextmanager
def _granted() -> Iterator[tuple[str, str]]:
    assert connection.in_atomic_block, "The role that is set must be that of the test's transaction."
    yield _roles(str(connection.settings_dict["NAME"]))


@cache
def _roles(of: str) -> tuple[str, str]:
    """Two roles of this test database, which no login uses; made once, on a connection of its own."""
    database = connection.settings_dict | {"NAME": of}
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
            for statement in access_of(app=names[0], reader=names[1]):
                cursor.execute(statement)
    finally:
        server.close()
    return names
