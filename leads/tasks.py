"""Background tasks for leads; each loads by ID and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from leads.domain.quarantine.bulk_retry import BULK_RETRIES
from leads.domain.quarantine.joins import JOINS
from leads.domain.terms.notices import NOTICES

QUEUES: tuple[Queue, ...] = (BULK_RETRIES, JOINS, NOTICES)


@shared_task(name="leads.notice")
def notice_task(*, item_id: int, attempt: int = 0, **_: object) -> None:
    """Send a notice to a customer's contacts."""
    NOTICES.work(item_id, attempt=attempt, at=now())


@shared_task(name="leads.join")
def join_task(*, item_ids: list[int], **_: object) -> None:
    """Store quarantined items whose lead or action has arrived."""
    JOINS.work(item_ids, at=now())


@shared_task(name="leads.retry")
def retry_task(*, item_id: int, **_: object) -> None:
    """Run a bulk retry until it is finished."""
    while BULK_RETRIES.work(item_id, at=now()):
        pass


@shared_task(name="leads.sweep")
def sweep_task(**_: object) -> int:
    """Queue every unfinished bulk retry, join and notice again; return how many messages were sent."""
    return sweep(QUEUES, at=now())
