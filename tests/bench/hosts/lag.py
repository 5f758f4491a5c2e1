"""How far a replica is behind: the time until it has replayed what the primary had written down."""

import threading
import time
from types import TracebackType
from typing import Self

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
            while not self._ended.wait(PAUSE_SECONDS):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
                    [written] = cursor.fetchone()
                started = time.perf_counter()
                self._replica.catch_up(written)
                self.milliseconds.append((time.perf_counter() - started) * 1e3)
        finally:
            connection.close()
