"""Background tasks for leads; each loads by ID and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from leads.domain.archive.moving import ARCHIVE_RUNS, archive_what_is_due, remove_what_leaves
from leads.domain.hooks.fetch import FETCHES
from leads.domain.imports.expire import expire_files
from leads.domain.imports.queue import FILE_IMPORTS
from leads.domain.people.erase import ERASURES
from leads.domain.people.retention import start_retention
from leads.domain.quarantine.bulk_retry import BULK_RETRIES
from leads.domain.quarantine.joins import JOINS
from leads.domain.terms.notices import NOTICES

QUEUES: tuple[Queue, ...] = (BULK_RETRIES, JOINS, FILE_IMPORTS, NOTICES, ERASURES, ARCHIVE_RUNS, FETCHES)
MAX_SECONDS_PER_FETCH = 60  # less than the lease of an attempt


@shared_task(name="leads.notice")
def notice_task(*, item_id: int, attempt: int = 0, **_: object) -> None:
    """Send a notice to a customer's contacts."""
    NOTICES.work(item_id, attempt=attempt, at=now())


@shared_task(name="leads.join")
def join_task(*, item_ids: list[int], **_: object) -> None:
    """Store quarantined items whose lead or action has arrived."""
    JOINS.work(item_ids, at=now())


@shared_task(name="leads.fetch_leads", time_limit=MAX_SECONDS_PER_FETCH)
def fetch_leads_task(*, item_id: int, attempt: int = 0, **_: object) -> None:
    """Fetch the fields of a lead from its sender."""
    FETCHES.work(item_id, attempt=attempt, at=now())


@shared_task(name="leads.retry")
def retry_task(*, item_id: int, **_: object) -> None:
    """Run a bulk retry until it is finished."""
    while BULK_RETRIES.work(item_id, at=now()):
        pass


@shared_task(name="leads.import_files")
def import_files_task(*, item_id: int, **_: object) -> None:
    """Continue a file import for some minutes; the next sweep asks for what remains."""
    FILE_IMPORTS.work(item_id, at=now())


@shared_task(name="leads.expire_files")
def expire_files_task(**_: object) -> int:
    """Delete uploaded files after their time; return how many."""
    return expire_files(at=now())


@shared_task(name="leads.erase")
def erase_task(*, item_id: int, **_: object) -> None:
    """Erase a person, or what a source's retention lets go, until it is finished."""
    while ERASURES.work(item_id, at=now()):
        pass


@shared_task(name="leads.archive")
def archive_task(*, item_id: int, **_: object) -> None:
    """Move raw bodies to the archive until the run is finished."""
    while ARCHIVE_RUNS.work(item_id, at=now()):
        pass


@shared_task(name="leads.keep_and_archive")
def nightly_task(**_: object) -> None:
    """Every night: clear what is kept no longer, and move what is old to the archive."""
    start_retention(at=now())
    archive_what_is_due(at=now())


@shared_task(name="leads.sweep")
def sweep_task(**_: object) -> int:
    """Queue every unfinished pass and notice again; return how many messages were sent."""
    remove_what_leaves()
    return sweep(QUEUES, at=now())
