"""Celery tasks for reports: each one loads an item by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from reports.domain.exports.write import EXPORTS
from reports.domain.saved.mailing import Mailings
from reports.queries import activity_file
from reports.queries.mailed.letter import letter_of

MAILINGS = Mailings(letter_of)
QUEUES: tuple[Queue, ...] = (EXPORTS, MAILINGS)
# Imported, so that a worker knows every report that can be exported.
EXPORTED = (activity_file,)

MAX_SECONDS_PER_EMAIL = 360  # shorter than the lease of an attempt, after which another worker may claim it


@shared_task(name="reports.export")
def export_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write the file of one export."""
    EXPORTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.mail", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one report."""
    MAILINGS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.sweep")
def sweep_task(**_: object) -> int:
    """Delete expired files, start the schedules that are due, and queue what is left; return the number of messages."""
    return sweep(QUEUES, at=now())
