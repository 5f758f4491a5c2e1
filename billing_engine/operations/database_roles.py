"""PostgreSQL roles: the owner migrates; the app reads and writes rows, and owns nothing.

Triggers refuse changes to issued invoices and closed charges, and a table's owner could drop or disable them, or
truncate the table. So the web and worker processes use a login that can't. Nor can that login create temporary tables,
which a trigger would read instead of ours.
"""

from dataclasses import dataclass
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Identifier, Literal

from billing_engine.operations.database_stalls.connection import TIMES


@dataclass(frozen=True, slots=True)
class Login:
    """A name and password in PostgreSQL; empty if none is set."""

    user: str
    password: str

    def __bool__(self) -> bool:
        return bool(self.user)


def ensure_logins(database: dict[str, Any], *, admin: Login, app: Login) -> None:
    """As administrator: create the owner (the login in the database settings) and the app, with these passwords."""
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
        with server, server.cursor() as cursor:
            for login in (owner, app):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.user])
                verb = SQL("ALTER" if cursor.fetchone() else "CREATE")
                # A verifier, because a server that logs statements would log the password itself.
                verifier = encrypt_password(login.password, login.user, server, "scram-sha-256")
                cursor.execute(
                    SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, Identifier(login.user), Literal(verifier))
                )
            for grant in (
                "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
                "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
                "GRANT CONNECT ON DATABASE {database} TO {app}",
                "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {app}",
                "GRANT USAGE ON SCHEMA public TO {app}",
            ):
                cursor.execute(
                    SQL(grant).format(
                        database=Identifier(database["NAME"]), owner=Identifier(owner.user), app=Identifier(app.user)
                    )
                )
    finally:
        server.close()


def grant_app_access(app: Login) -> None:
    """As owner, after the migrations: the app may do everything with rows, and nothing with tables."""
    with connection.cursor() as cursor:
        for statement in (
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {app}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}",  # only migrations write it
        ):
            cursor.execute(SQL(statement).format(app=Identifier(app.user)))
