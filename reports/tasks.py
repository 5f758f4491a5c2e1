"""Celery tasks for reports: each one makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from reports.domain.exports.write import EXPORTS
from reports.domain.forecast.prepare import prepare
from reports.queries import activity_file

QUEUES: tuple[Queue, ...] = (EXPORTS,)
# Imported, so that a worker knows every report that can be exported.
EXPORTED = (activity_file,)


@shared_task(name="reports.export")
def export_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write the file of one export."""
    EXPORTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.sweep")
def sweep_task(**_: object) -> int:
    """Delete expired files, and queue the exports that are due; return the number of messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="reports.prepare_forecasts")
def prepare_forecasts_task(**_: object) -> int:
    """Keep what the month's forecasts start from; return the number of rows."""
    return prepare(at=now())
