"""Celery tasks for receivables: each one loads an item by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from invoices.tasks import MAX_SECONDS_PER_DOCUMENT, MAX_SECONDS_PER_EMAIL
from receivables.domain.papers.mail import PAPER_MAILS
from receivables.domain.papers.store import PAPERS

QUEUES: tuple[Queue, ...] = (PAPERS, PAPER_MAILS)


@shared_task(name="receivables.render", time_limit=MAX_SECONDS_PER_DOCUMENT)
def render_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Render and store one PDF."""
    PAPERS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.mail", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email."""
    PAPER_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.sweep")
def sweep_task(**_: object) -> int:
    """Queue the PDFs and emails that are due; return the number of messages."""
    return sweep(QUEUES, at=now())
