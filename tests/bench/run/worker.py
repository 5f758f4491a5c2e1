"""Workers in separate processes: each bills the items it is given, or issues the invoices."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, TypeVar, cast

from django.contrib.auth.models import User
from django.db import connection

from invoices.domain.life.transitions import approve_all, issue_all
from invoices.domain.month_close.bulk_action import BulkActions
from invoices.domain.run.billing_run import bill
from invoices.domain.run.bills import TOGETHER
from invoices.models import Invoice

PROGRAM = "import django; django.setup(); from tests.bench.run.worker import main; main()"
AT = datetime(2026, 11, 2, tzinfo=UTC)


Row = TypeVar("Row")


def batched(rows: list[Row], size: int) -> Iterator[list[Row]]:
    """The rows, so many at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def share_out(act: str, rows: list[int], *, workers: int) -> float:
    """Process all rows, shared evenly; return the seconds from the first start to the last end."""
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(workers)
    ]
    try:
        for process in processes:
            _answer(process)
        started = time.perf_counter()
        for place, process in enumerate(processes):
            print(json.dumps([act, rows[place::workers]]), file=cast("IO[str]", process.stdin), flush=True)
        for process in processes:
            _answer(process)
        return time.perf_counter() - started
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def main() -> None:
    """A worker: report that it is ready, read its work, process it row by row as tasks do, report that it is done."""
    connection.ensure_connection()
    print("ready", flush=True)
    act, rows = json.loads(sys.stdin.readline() or '["", []]')
    if act == "bill":
        for first in range(0, len(rows), TOGETHER):
            bill(*rows[first : first + TOGETHER], at=AT)
    if act == "issue":
        person = User.objects.get(username="olga")
        invoices = list(Invoice.objects.filter(pk__in=rows).order_by("pk"))
        for some in batched(invoices, BulkActions.batch_size):
            approve_all(some, by=person, at=AT)
            issue_all(some, by=person, at=AT)
    print("done", flush=True)


def _answer(process: subprocess.Popen[str]) -> None:
    if not cast("IO[str]", process.stdout).readline():
        raise RuntimeError("A worker ended; what it said stands above.")
