"""Exports by real workers: to the end, stopped in the middle, and killed in the middle."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from billing_engine.core.tables.formats import FORMATS
from reports.domain.exports.ask import ask, download, stop
from reports.models import Export, ExportPart
from reports.queries.explore.file import EXPLORED
from tests.factories.people import with_role
from tests.forks import Fork
from tests.invoices.made import a_price, an_open_period, billed, received
from tests.processes import OUTGOING, empty_broker, fork, until, worker
from tests.reports.exports import numbers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

SLOW = "rows=2000000&slow=1"
WORKER = f"""
import tests.reports.exports.numbers
from billing_engine.celery import app
app.worker_main(["worker", "--concurrency", "1", "-Q", "{OUTGOING}", "--hostname", "{{name}}@%h", "--loglevel", "INFO"])
"""


@pytest.fixture
def frank() -> User:
    empty_broker()
    return with_role("Finance")


def a_worker(folder: Path, name: str) -> Fork:
    """It also knows the report of tests."""
    return fork(WORKER.format(name=name), log=folder / f"{name}.log")


def asked(query: str, by: User) -> Export:
    return ask("numbers", query, "csv", by=by, at=now())


def is_in_the_middle(export: Export) -> bool:
    export.refresh_from_db()
    return export.state == "running" and export.rows_written > 0 and ExportPart.objects.filter(export=export).exists()


def test_the_sweep_finds_an_export_whose_message_was_lost_and_its_file_is_that_of_the_page(
    tmp_path: Path, frank: User
) -> None:
    period = an_open_period(name="Acme", code="ACME")
    a_price()
    received(period, 1, 2, 3)
    billed(period)
    query = "show=amount&group=source&customer=ACME&period=2026-10"
    export = ask("explorer", query, "csv", by=frank, at=now())
    empty_broker()

    with worker(tmp_path, "every"):
        until(lambda: Export.objects.get(pk=export.pk).state == "done")

    export.refresh_from_db()
    content = b"".join(download(export, by=frank))
    at_once = b"".join(FORMATS["csv"].write(EXPLORED.table(query, frank, now())))
    assert content.splitlines()[:-1] == at_once.splitlines()[:-1]  # the last line says when
    assert content.splitlines()[-1].startswith(b"Rows: 1 of 1,")
    assert (export.title, export.file_name, export.rows_written) == (
        "Amount by source: All days",
        f"amount-by-source-{now():%Y-%m-%d}.csv",
        1,
    )


def test_a_person_stops_an_export_while_a_worker_writes_it(tmp_path: Path, frank: User) -> None:
    process = a_worker(tmp_path, "one")
    try:
        export = asked(SLOW, frank)
        until(lambda: is_in_the_middle(export))

        stop(export, by=frank, at=now())
        far = Export.objects.get(pk=export.pk).rows_written
        after = asked("rows=3", frank)  # the worker is free for it at once
        until(lambda: Export.objects.get(pk=after.pk).state == "done", seconds=20)
    finally:
        process.kill()

    export.refresh_from_db()
    assert (export.state, export.rows_written, export.file_name) == ("stopped", far, "")
    assert not ExportPart.objects.filter(export=export).exists()


def test_an_export_whose_worker_is_killed_is_written_again_from_the_start(tmp_path: Path, frank: User) -> None:
    process = a_worker(tmp_path, "first")
    export = asked("rows=150000&slow=1", frank)
    try:
        until(lambda: is_in_the_middle(export))
    finally:
        process.kill()
    assert (export.state, export.attempts) == ("running", 1)

    Export.objects.filter(pk=export.pk).update(next_attempt_at=now() - timedelta(seconds=1))  # its lease ends
    process = a_worker(tmp_path, "second")
    try:
        numbers_again = "from reports.domain.exports.write import EXPORTS; EXPORTS.sweep(at=now())"
        fork(f"from django.utils.timezone import now; {numbers_again}").wait(60)
        until(lambda: Export.objects.get(pk=export.pk).state == "done", seconds=60)
    finally:
        process.kill()

    export.refresh_from_db()
    assert (export.attempts, export.rows_written, export.total_rows) == (2, 150_000, 150_000)
    lines = b"".join(download(export, by=frank)).splitlines()
    assert [lines[1].split(b",")[0], lines[-2].split(b",")[0], len(lines)] == [b"Row 1", b"Row 150000", 150_002]
    assert len({line.split(b",")[1] for line in lines[1:-1]}) == 150_000
    assert numbers.COLUMNS[0].name.encode() in lines[0]
