"""Connections to PostgreSQL that are watched whenever they wait for it; and what the operating system is told of them."""

from typing import Any

from psycopg2 import extensions

from billing_engine.operations.database_stalls import watchdog

# Where the machine is gone nobody says so: the operating system finds it out, within some 25 seconds.
TIMES: dict[str, int] = {
    "connect_timeout": 4,  # seconds, for each address that the name stands for, until it has let us in
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds, for what was sent and is not confirmed
}

IDLE_SECONDS = 300  # within a transaction, whose locks others wait for
# PostgreSQL looks whether somebody is still there to be answered: a worker may have been killed in the middle.
GONE_SECONDS = 10

LIMITS = """
    SELECT set_config('statement_timeout', %s, false),
           set_config('idle_in_transaction_session_timeout', %s, false),
           set_config('client_connection_check_interval', %s, false)
"""


class WatchedCursor(extensions.cursor):
    """A cursor whose rows are all here once it has executed."""

    connection: "WatchedConnection"

    def execute(self, *args: Any, **kwargs: Any) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().execute(*args, **kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().executemany(*args, **kwargs)

    def callproc(self, *args: Any, **kwargs: Any) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().callproc(*args, **kwargs)

    def copy_expert(self, *args: Any, **kwargs: Any) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().copy_expert(*args, **kwargs)


class WatchedStream(WatchedCursor):
    """A cursor whose rows are with the server, and are fetched in parts."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchone()

    def fetchmany(self, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchmany(*args, **kwargs)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            return super().fetchall()

    def __next__(self) -> tuple[Any, ...]:
        with watchdog.asking(self.connection, self.connection.address):
            return super().__next__()

    def close(self) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self.connection, self.connection.address):
            super().close()


class WatchedConnection(extensions.connection):
    """A connection that a silent server does not hold up for ever."""

    def __init__(self, dsn: str, *args: Any, **kwargs: Any) -> None:
        watchdog.refuse_if_silent(dsn)
        super().__init__(dsn, *args, **kwargs)
        self.address = dsn
        self.autocommit = True  # or they would end with the transaction
        with self.cursor() as cursor:
            statement = watchdog.patience().statement_seconds
            cursor.execute(LIMITS, [f"{statement}s", f"{IDLE_SECONDS}s", f"{GONE_SECONDS}s"])
        self.autocommit = False

    def cursor(  # type: ignore[override]  # of psycopg2's three forms, the two that differ by the factory
        self, name: str | None = None, cursor_factory: Any = None, **kwargs: Any
    ) -> Any:
        """As psycopg2 does, with a watched one; Django names the plain one, which is not."""
        return super().cursor(name, WatchedStream if name else WatchedCursor, **kwargs)

    def commit(self) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self, self.address):
            super().commit()

    def rollback(self) -> None:
        """As psycopg2 does; watched."""
        with watchdog.asking(self, self.address):
            super().rollback()
