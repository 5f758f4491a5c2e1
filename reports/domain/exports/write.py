"""The worker's part: read the report again for the person who asked, and write its file, part by part."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import UNEXPECTED, Failure
from billing_engine.core.queues.items import MOST_ATTEMPTS
from billing_engine.core.queues.leased import LeasedQueue
from billing_engine.core.read_replica import rows_from_copy
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.table import Cell, IncompleteTable, Table
from reports.domain.exports.file import KEPT_FOR, expire, forget, keep, parts_of
from reports.domain.exports.registry import report_for
from reports.models import Export

State = Export.State

# Renewed while rows are read; what happens in between (the first row, packing a workbook) takes less.
LEASE = timedelta(minutes=5)
PAUSE = timedelta(seconds=30)  # multiplied by the number of attempts
TURN = timedelta(seconds=5)  # until it is tried again whether a worker is free for it
TOLD_SECONDS = 1
ROWS_BETWEEN_LOOKS = 1_000  # at the clock
MOST_BYTES = 1024**3
MOST_SECONDS = 25 * 60  # less than Celery's limit for a task, so that the reason is told


class ExportStopped(Refused):
    """Its person stopped it, or another worker began it again: this attempt may not write."""

    code = "export_stopped"
    message = "This export was stopped, or started again."


class ExportTooLarge(Refused):
    """A file has a limited size."""

    code = "export_too_large"
    message = f"The file is larger than {MOST_BYTES // 1024**3} GB. Choose fewer days, or the format Parquet."


class ExportTooSlow(Refused):
    """A worker has other files to write."""

    code = "export_too_slow"
    message = f"Writing the file takes longer than {MOST_SECONDS // 60} minutes. Choose fewer days, or the format CSV."


class Exports(LeasedQueue[Export, Table]):
    """The queue of exports: one is written at a time, so that others' PDFs and emails keep a worker."""

    task = "reports.export"
    lease = LEASE

    def waiting(self) -> QuerySet[Export]:
        return Export.objects.unfinished()

    def may_begin(self, export: Export, *, at: datetime) -> bool:
        others = Export.objects.filter(state=State.RUNNING, next_attempt_at__gt=at).exclude(pk=export.pk)
        if others.exists():
            export.next_attempt_at = at + TURN
            return False
        forget(export)  # what a worker that died has left
        export.state, export.rows_written, export.size = State.RUNNING, 0, 0
        export.started_at = export.started_at or at
        return True

    def act(self, export: Export, *, at: datetime) -> Table:
        report = report_for(export.report, export.asked_by)
        # As of the day on which it was asked for: after midnight, the answer to "today" would be another one.
        table = report.table(export.query, export.asked_by, export.asked_at)
        table = replace(table, notes=replace(table.notes, made_at=at))
        progress = Progress(self.ours(export), at=at)
        counted = table.with_rows(rows_from_copy(progress.counted(table)))
        for number, part in enumerate(parts_of(FORMATS[export.format].write(counted))):
            progress.keep(number, part)
        progress.tell()
        return table

    def settle(self, export: Export, table: Table, *, at: datetime) -> None:
        finished = _last_told(export)
        export.state, export.next_attempt_at, export.reason = State.DONE, None, ""
        export.total_rows = export.rows_written
        export.file_name = f"{table.name}.{export.format}"
        export.finished_at, export.expires_at = finished, finished + KEPT_FOR

    def fail(self, export: Export, failure: Failure, *, at: datetime) -> None:
        """A refusal is final; what is unexpected, or may be complete in a moment, is tried again."""
        forget(export)
        may_pass = failure.code in (UNEXPECTED, IncompleteTable.code) and export.attempts < MOST_ATTEMPTS
        export.reason = failure.words
        if may_pass:
            export.state, export.next_attempt_at = State.WAITING, at + PAUSE * export.attempts
        else:
            export.finished_at, export.state, export.next_attempt_at = _last_told(export), State.FAILED, None

    def given_up(self, export: Export) -> str:
        return export.reason or f"{MOST_ATTEMPTS} workers ended while writing it."

    def tidy(self, *, at: datetime) -> None:
        expire(at=at)


def _last_told(export: Export) -> datetime:
    """When its worker last said how far it is; the queue's own time is when the attempt began."""
    assert export.next_attempt_at is not None  # noqa: S101 -- of an unfinished export, as the database promises
    return export.next_attempt_at - LEASE


class Progress:
    """What an attempt has written so far, saved about every second, while it is the latest attempt."""

    def __init__(self, ours: QuerySet[Export], *, at: datetime) -> None:
        self.ours, self.at = ours, at
        self.rows, self.size = 0, 0
        self.began_at = self.told_at = time.monotonic()

    def counted(self, table: Table) -> Iterator[tuple[Cell, ...]]:
        """The rows, counted as they are read."""
        for row in table.rows:
            self.rows += 1
            if self.rows % ROWS_BETWEEN_LOOKS == 0 and time.monotonic() - self.told_at >= TOLD_SECONDS:
                self.tell()
            yield tuple(row)

    def tell(self) -> None:
        """Save how far it is and renew the lease. Raises ExportStopped or ExportTooSlow."""
        self.told_at = time.monotonic()
        seconds = self.told_at - self.began_at
        if seconds > MOST_SECONDS:
            raise ExportTooSlow
        until = self.at + timedelta(seconds=seconds) + LEASE
        if not self.ours.update(rows_written=self.rows, size=self.size, next_attempt_at=until):
            raise ExportStopped

    @transaction.atomic
    def keep(self, number: int, part: bytes) -> None:
        """Store a part of the file. Raises ExportStopped or ExportTooLarge."""
        export = self.ours.select_for_update(of=("self",)).first()
        if export is None:
            raise ExportStopped
        self.size += len(part)
        if self.size > MOST_BYTES:
            raise ExportTooLarge
        keep(export, number, part)
        self.tell()


EXPORTS = Exports()
