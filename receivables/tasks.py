"""Celery tasks for receivables: each one makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from receivables.domain.exports.write import BOOKS

QUEUES: tuple[Queue, ...] = (BOOKS,)


@shared_task(name="receivables.export_books")
def export_books_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write one file for the books."""
    BOOKS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.sweep")
def sweep_task(**_: object) -> int:
    """Queue what is left; return the number of messages."""
    return sweep(QUEUES, at=now())
