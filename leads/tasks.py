"""Background tasks for leads; each loads by ID and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from leads.domain.quarantine.bulk_retry import BULK_RETRIES

QUEUES: tuple[Queue, ...] = (BULK_RETRIES,)


@shared_task(name="leads.retry")
def retry_task(*, item_id: int, **_: object) -> None:
    """Run a bulk retry until it is finished."""
    while BULK_RETRIES.work(item_id, at=now()):
        pass


@shared_task(name="leads.sweep")
def sweep_task(**_: object) -> int:
    """Queue every unfinished bulk retry again; return how many messages were sent."""
    return sweep(QUEUES, at=now())
