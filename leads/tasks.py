"""What workers do for leads: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from leads.domain.quarantine.bulk_retry import ask_for_unfinished_retries, retry_next


@shared_task(name="leads.retry")
def retry_task(*, retry_id: int, **_: object) -> None:
    """Go on with a bulk retry to its end."""
    while retry_next(retry_id, at=now()):
        pass


@shared_task(name="leads.sweep")
def sweep_task(**_: object) -> int:
    """Ask for the bulk retries that are not finished; return how many."""
    return ask_for_unfinished_retries()
