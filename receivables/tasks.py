"""Celery tasks of receivables: each loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from receivables.domain.payments.bank_files.queue import BANK_FILES, SECONDS_UNTIL_KILLED

QUEUES: tuple[Queue, ...] = (BANK_FILES,)


@shared_task(name="receivables.bank_files", time_limit=SECONDS_UNTIL_KILLED)
def bank_files_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Read a bank's file, book what is certain, or undo it."""
    BANK_FILES.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.sweep")
def sweep_task(**_: object) -> int:
    """Queue the bank files that are due; returns the number of messages."""
    return sweep(QUEUES, at=now())
