"""Celery tasks for receivables: each one makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from receivables.domain.exports.write import BOOKS
from receivables.domain.webhooks.deliveries import ENDPOINTS
from receivables.domain.webhooks.mails import EVENT_MAILS
from receivables.domain.webhooks.unrated import tell_of_unrated

QUEUES: tuple[Queue, ...] = (BOOKS, ENDPOINTS, EVENT_MAILS)
# Each is shorter than the lease of an attempt, after which another worker may claim it.
MAX_SECONDS_PER_PASS, MAX_SECONDS_PER_EMAIL = 150, 240


@shared_task(name="receivables.export_books")
def export_books_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write one file for the books."""
    BOOKS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.webhooks", time_limit=MAX_SECONDS_PER_PASS)
def webhooks_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send what is due to one endpoint."""
    ENDPOINTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.event_mail", time_limit=MAX_SECONDS_PER_EMAIL)
def event_mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email about events."""
    EVENT_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.sweep")
def sweep_task(**_: object) -> int:
    """Queue what is left; return the number of messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="receivables.tell_of_unrated")
def tell_of_unrated_task(**_: object) -> int:
    """Write the events of actions that have been unrated for too long; return how many."""
    return tell_of_unrated(at=now())
