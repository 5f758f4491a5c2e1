"""What workers do for leads: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from leads.domain.quarantine.bulk_retry import BULK_RETRIES

QUEUES: tuple[Queue, ...] = (BULK_RETRIES,)


@shared_task(name="leads.retry")
def retry_task(*, item_id: int, **_: object) -> None:
    """Go on with a bulk retry to its end."""
    while BULK_RETRIES.work(item_id, at=now()):
        pass


@shared_task(name="leads.sweep")
def sweep_task(**_: object) -> int:
    """Ask for the bulk retries that are not finished; return how many messages."""
    return sweep(QUEUES, at=now())
