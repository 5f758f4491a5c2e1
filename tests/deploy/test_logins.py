"""The app's login is changed as docs/deployment.md describes: the next migration creates it, without refused requests."""

from uuid import uuid4

import environ
import psycopg2
import pytest
from psycopg2.sql import SQL, Identifier

from tests.deploy.roles import Deployed, empty

pytestmark = pytest.mark.processes


def test_another_login_of_the_app_is_made_by_the_next_migration_and_the_one_before_goes_on():
    first, second = (f"app_{uuid4().hex[:12]}" for _ in range(2))
    with empty() as engine:
        try:
            _migrate(engine, user=first, password="one")
            _migrate(engine, user=second, password="two")
            assert [_rows(engine, first, "one"), _rows(engine, second, "two")] == [0, 0]

            _migrate(engine, user=first, password="three")
            assert [_rows(engine, first, "three"), _rows(engine, second, "two")] == [0, 0]
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                _rows(engine, first, "one")
        finally:
            _drop(engine, first, second)


def test_the_app_reads_and_writes_rows_and_creates_no_table_not_even_a_temporary_one():
    user = f"app_{uuid4().hex[:12]}"
    with empty() as engine:
        try:
            _migrate(engine, user=user, password="one")
            for kind in ("TEMPORARY", ""):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    _ask(engine, user, "one", f"CREATE {kind} TABLE leads_billingperiod (id bigint, state text)")

            assert _rows(engine, user, "one") == 0
        finally:
            _drop(engine, user)


def test_postgresql_is_sent_a_verifier_and_never_the_password():
    user = f"app_{uuid4().hex[:12]}"
    with empty() as engine:
        try:
            _as_admin(
                engine, SQL("ALTER DATABASE {} SET password_encryption = 'md5'")
            )  # a password sent as text would be stored as MD5
            _migrate(engine, user=user, password="one")

            kept = _as_admin(engine, SQL("SELECT rolpassword FROM pg_authid WHERE rolname = %s"), user)
            assert kept.startswith("SCRAM-SHA-256$")
            assert _rows(engine, user, "one") == 0
        finally:
            _drop(engine, user)


def _migrate(engine: Deployed, *, user: str, password: str) -> None:
    admin = environ.Env.db_url_config(engine.environ["DATABASE_URL"])
    engine.environ |= {
        "DATABASE_ADMIN_USER": str(admin["USER"]),
        "DATABASE_ADMIN_PASSWORD": str(admin["PASSWORD"]),
        "DATABASE_APP_USER": user,
        "DATABASE_APP_PASSWORD": password,
    }
    engine.run("manage.py", "migrate_alone", "--verbosity", "0")


def _rows(engine: Deployed, user: str, password: str) -> int:
    return int(_ask(engine, user, password, "SELECT count(*) FROM leads_lead"))


def _ask(engine: Deployed, user: str, password: str, statement: str) -> str:
    parts = environ.Env.db_url_config(engine.environ["DATABASE_URL"])
    app = psycopg2.connect(host=parts["HOST"], port=parts["PORT"], dbname=parts["NAME"], user=user, password=password)
    try:
        with app.cursor() as cursor:
            cursor.execute(statement)
            return str(cursor.fetchone()[0])
    finally:
        app.close()


def _as_admin(engine: Deployed, statement: SQL, *values: str) -> str:
    admin = psycopg2.connect(engine.environ["DATABASE_URL"])
    try:
        with admin, admin.cursor() as cursor:
            cursor.execute(statement.format(Identifier(admin.info.dbname)), values)
            return str(cursor.fetchone()[0]) if cursor.description else ""
    finally:
        admin.close()


def _drop(engine: Deployed, *users: str) -> None:
    admin = psycopg2.connect(engine.environ["DATABASE_URL"])
    try:
        with admin, admin.cursor() as cursor:
            for user in users:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
                if cursor.fetchone():
                    cursor.execute(SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(Identifier(user)))
    finally:
        admin.close()
