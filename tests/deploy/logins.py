"""The three logins of a deployed database, and what each may do when it connects with its own password."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg2
from psycopg2.sql import SQL, Identifier

from tests.deploy.roles import Deployed, empty

NAMES = ("owner", "app", "reader")


class Logins:
    """A deployed database with an owner, an app and a reader, made by its administrator."""

    def __init__(self, engine: Deployed) -> None:
        self.engine = engine
        self.admin = engine.environ["DATABASE_URL"]
        run = uuid4().hex[:12]
        self.names = {name: f"{name}_{run}" for name in NAMES}

    def migrate(self, *, password: str = "one") -> None:
        """As the task that migrates: the administrator makes the logins, and the owner migrates."""
        admin = urlsplit(self.admin)
        told = {"DATABASE_ADMIN_USER": admin.username or "", "DATABASE_ADMIN_PASSWORD": admin.password or ""}
        for name in ("app", "reader"):
            told |= {f"DATABASE_{name.upper()}_USER": self.names[name], f"DATABASE_{name.upper()}_PASSWORD": password}
        self.engine.environ |= told | {"DATABASE_URL": self.address("owner", password)}
        self.engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        for name in told:
            del self.engine.environ[name]
        self.engine.environ["DATABASE_URL"] = self.address("app", password)

    def address(self, name: str, password: str = "one") -> str:
        parts = urlsplit(self.admin)
        return urlunsplit(parts._replace(netloc=f"{self.names[name]}:{password}@{parts.hostname}:{parts.port}"))

    def ask(self, name: str, statement: str, *, password: str = "one") -> list[tuple[object, ...]]:
        """The rows of a statement that this login commits."""
        return ask(self.address(name, password), statement)

    def drop(self) -> None:
        for name in self.names.values():
            if ask(self.admin, f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"):
                ask(self.admin, SQL("DROP OWNED BY {0} CASCADE; DROP ROLE {0}").format(Identifier(name)))


@contextmanager
def logins() -> Iterator[Logins]:
    """An empty database and three names that no other test uses."""
    with empty() as engine:
        made = Logins(engine)
        try:
            yield made
        finally:
            engine.kill()
            made.drop()


def ask(address: str, statement: str | SQL) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(address)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
