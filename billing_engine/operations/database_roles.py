"""PostgreSQL roles: the owner migrates, the app writes what its domain writes, the reader only reads.

Triggers refuse changes to issued invoices and closed charges, and a table's owner could drop or disable them, or
truncate the table. So the web and worker processes use a login that can't. Nor can that login create temporary tables,
which a trigger would read instead of ours.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg2
from django.db import connection, transaction
from psycopg2.sql import SQL, Composable, Identifier

from billing_engine.database_logins import Login, create_logins
from billing_engine.operations import database_rights
from billing_engine.operations.database_stalls.connection import TIMES

# For the tables and sequences of later migrations, so that nothing is refused between a migration and its grants.
BY_DEFAULT = (
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {login}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
)
DEFINERS = """
    SELECT oid::regprocedure::text, proname FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR proname = ANY (%s))
"""


def ensure_logins(database: dict[str, Any], *, admin: Login, app: Login, reader: Login) -> None:
    """As administrator: create the owner (the login in the database settings), the app and the reader."""
    owner = Login(database["USER"], database["PASSWORD"])
    given = database.get("OPTIONS", {})
    options = {name: value for name, value in given.items() if name.startswith("ssl") or name in TIMES}
    server = psycopg2.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=admin.user,
        password=admin.password,
        **options,
    )
    try:
        with server:
            create_logins(server, database["NAME"], owner=owner, app=app, reader=reader)
    finally:
        server.close()


@transaction.atomic
def grant_access(*, app: str, reader: str) -> None:
    """As owner, after the migrations: give the app and the reader exactly their rights; an empty name is left out."""
    with connection.cursor() as cursor:
        for statement in access_of(app=app, reader=reader):
            cursor.execute(statement)


def access_of(*, app: str, reader: str) -> list[Composable]:
    """Return the statements that give them their rights."""
    return [*(_to_app(app) if app else ()), *(_to_reader(reader) if reader else ())]


def _to_app(app: str) -> Iterator[Composable]:
    """In one transaction with the revocation, so that no request of the running app is refused meanwhile."""
    login = Identifier(app)
    yield SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(login)
    yield SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}").format(login)
    yield SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(login)
    yield SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(login)
    yield from (SQL(statement).format(login=login, app=login) for statement in BY_DEFAULT)
    for table, rights in database_rights.grants():
        yield SQL("GRANT {} ON {} TO {}").format(SQL(rights), Identifier(table), login)
    for signature, name in _definers():
        yield SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(SQL(signature))
        if name in database_rights.FUNCTIONS:
            yield SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(SQL(signature), login)


def _to_reader(reader: str) -> Iterator[Composable]:
    login = Identifier(reader)
    yield SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(login)
    yield SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(login)
    yield SQL(BY_DEFAULT[0]).format(login=login)
    for table, columns in database_rights.shown_to_the_reader():
        yield SQL("REVOKE SELECT ON {} FROM {}").format(Identifier(table), login)
        if columns:
            yield SQL("GRANT SELECT ({}) ON {} TO {}").format(_listed(columns), Identifier(table), login)


def _definers() -> list[tuple[str, str]]:
    """Functions that run with the owner's rights, and those that the app calls: their signatures and names."""
    with connection.cursor() as cursor:
        cursor.execute(DEFINERS, [list(database_rights.FUNCTIONS)])
        return list(cursor.fetchall())


def _listed(columns: Iterable[str]) -> Composable:
    return SQL(", ").join(Identifier(column) for column in columns)
