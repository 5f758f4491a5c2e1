"""PostgreSQL connections that are watched whenever they wait, and their settings for the operating system."""

from itertools import chain
from typing import Any

from psycopg2 import extensions

from billing_engine.operations.database_stalls import watchdog
from billing_engine.planner_settings import PLANNER

# If the machine is gone, no error arrives: the operating system detects it within some 25 seconds.
TIMES: dict[str, int] = {
    "connect_timeout": 4,  # seconds to connect, for each address of the name
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds for data sent but not confirmed
}

IDLE_SECONDS = 300  # within a transaction, while others wait for its locks
# PostgreSQL checks whether the client is still connected: a worker may have been killed in the middle.
GONE_SECONDS = 10


class WatchedCursor(extensions.cursor):
    """A cursor that has all its rows once it has executed."""

    connection: "WatchedConnection"

    def execute(self, *args: Any, **kwargs: Any) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().execute(*args, **kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().executemany(*args, **kwargs)

    def callproc(self, *args: Any, **kwargs: Any) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().callproc(*args, **kwargs)

    def copy_expert(self, *args: Any, **kwargs: Any) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().copy_expert(*args, **kwargs)


class WatchedStream(WatchedCursor):
    """A cursor whose rows stay on the server and are fetched in parts."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchone()

    def fetchmany(self, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchmany(*args, **kwargs)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchall()

    def __next__(self) -> tuple[Any, ...]:
        with watchdog.asking(self.connection, self.connection.address):
            return super().__next__()

    def close(self) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().close()


class WatchedConnection(extensions.connection):
    """A connection that an unresponsive server does not block forever."""

    def __init__(self, dsn: str, *args: Any, **kwargs: Any) -> None:
        watchdog.refuse_if_silent(dsn)
        super().__init__(dsn, *args, **kwargs)
        self.address = dsn
        said = PLANNER | {
            "statement_timeout": f"{watchdog.patience().statement_seconds}s",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
            "client_connection_check_interval": f"{GONE_SECONDS}s",
        }
        self.autocommit = True  # or they would end with the transaction
        with self.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(['set_config(%s, %s, false)'] * len(said))}", [*chain(*said.items())])
        self.autocommit = False

    def cursor(  # type: ignore[override]  # of psycopg2's three forms, the two that differ by the factory
        self, name: str | None = None, cursor_factory: Any = None, **kwargs: Any
    ) -> Any:
        """Like psycopg2's, with a watched cursor; Django asks for the plain one, which is not watched."""
        return super().cursor(name, WatchedStream if name else WatchedCursor, **kwargs)

    def commit(self) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self, self.address):
            super().commit()

    def rollback(self) -> None:
        """Like psycopg2's, watched."""
        with watchdog.asking(self, self.address):
            super().rollback()
