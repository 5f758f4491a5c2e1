"""Processor time used by the web server's workers and by PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.db import connection

from tests.bench.intake.server import Server


class Postgres:
    """The server of the settings, with all its helpers."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            pid = Path(cursor.fetchone()[0], "postmaster.pid").read_text(encoding="utf-8").split()[0]
        self._postmaster = psutil.Process(int(pid))

    def seconds(self) -> float:
        """Its processor time so far."""
        return _seconds([self._postmaster, *self._postmaster.children()])


class Cores:
    """Processor time of the server's workers, and of PostgreSQL with all its helpers, inside `watch`."""

    def __init__(self, web: Server) -> None:
        self._web = web
        self.web = self.postgres = 0.0
        self._postgres = Postgres()

    @contextmanager
    def watch(self) -> Iterator[None]:
        before = self._now()
        yield
        web, postgres = self._now()
        self.web, self.postgres = web - before[0], postgres - before[1]

    def _now(self) -> tuple[float, float]:
        return _seconds(self._web.workers()), self._postgres.seconds()


def _seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # `children_*` are processes that have ended: a backend's time is not lost when its connection is closed.
        total += used.user + used.system + used.children_user + used.children_system
    return total
