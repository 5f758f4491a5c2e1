"""How far a replica is behind: the time until it has replayed what the primary had written down."""

import threading
import time
from contextlib import closing
from types import TracebackType
from typing import Any, Self

import psycopg2
from django.db import connection

from tests.replica import Replica

PAUSE_SECONDS = 0.1


class Lag:
    """Measures again and again inside, in a thread with its own connections."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure)
        self.milliseconds = list[float]()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _measure(self) -> None:
        try:
            with closing(psycopg2.connect(self._replica.url)) as replica, replica, replica.cursor() as there:
                while not self._ended.wait(PAUSE_SECONDS):
                    self.milliseconds.append(_behind(there) * 1e3)
        finally:
            connection.close()


def _behind(there: Any) -> float:
    """Seconds until the replica has replayed what the primary has written down now."""
    with connection.cursor() as here:
        here.execute("SELECT pg_current_wal_flush_lsn()::text")
        [written] = here.fetchone()
    started, has_all = time.perf_counter(), False
    while not has_all:
        there.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written])
        [has_all] = there.fetchone()
    return time.perf_counter() - started
