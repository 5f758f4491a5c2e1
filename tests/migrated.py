"""One migrated database, made once for each state of the code, which every process of a test run copies."""

from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg2.sql import SQL, Identifier

CHECKOUT = Path(__file__).resolve().parent.parent
APPS = ("billing_engine", "leads", "pricing", "invoices", "receivables", "reports", "portal")
BEGINS = "test_migrated_"
LOCK = 4_107_251


def migrated() -> str:
    """The name of a database that has all migrations of this code; the first process that asks makes it, the others wait."""
    name = BEGINS + _state_of_the_code()
    with closing(_server()) as server, server.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [BEGINS])
        found = [each for (each,) in cursor.fetchall()]
        if name not in found:
            for each in found:  # of earlier code, or not finished
                cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(each)))
            unfinished = f"{name}_unfinished"
            cursor.execute(SQL("CREATE DATABASE {}").format(Identifier(unfinished)))
            _migrate(unfinished)
            cursor.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(unfinished), Identifier(name)))
    return name


def _migrate(name: str) -> None:
    kept = connection.settings_dict["NAME"]
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    finally:
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = kept


def _server() -> psycopg2.extensions.connection:
    params = connection.get_connection_params() | {"dbname": "postgres"}
    params.pop("cursor_factory", None)
    params.pop("context", None)
    server = psycopg2.connect(**params)
    server.autocommit = True  # CREATE DATABASE can't run inside a transaction
    return server


def _state_of_the_code() -> str:
    digest = sha256()
    for app in APPS:
        for path in sorted((CHECKOUT / app).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(f"{path} ".encode() + path.read_bytes())
    return digest.hexdigest()[:12]
