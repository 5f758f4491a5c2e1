"""How long people wait for something, and for how long it kept the machine busy: others share it."""

import time
from collections.abc import Callable
from statistics import quantiles
from typing import NamedTuple

import psutil
from django.db import connection
from django.test import Client


class Took(NamedTuple):
    """How long something took, and for how long Python and its backend were busy, both in milliseconds."""

    ms: float
    busy: float


def opened(browser: Client, path: str) -> Took:
    """Open an address, which has to answer."""

    def open_it() -> None:
        response = browser.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.headers.get('Location', '')}")

    return timed(open_it)


def timed(does: Callable[[], object]) -> Took:
    """Do something once."""
    connection.ensure_connection()
    backend = psutil.Process(connection.connection.info.backend_pid)
    started, before = time.perf_counter(), _busy(backend)
    does()
    return Took(1_000 * (time.perf_counter() - started), 1_000 * (_busy(backend) - before))


def _busy(backend: psutil.Process) -> float:
    """Seconds of processor time of this process, its backend, and parallel workers, which the postmaster outlives."""
    own, ended = backend.cpu_times(), backend.parent().cpu_times()
    return time.process_time() + own.user + own.system + ended.children_user + ended.children_system


def p95(found: list[float]) -> float:
    """The value that one in twenty exceeds."""
    return quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]
