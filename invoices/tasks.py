"""Celery tasks for invoices: each one loads an item by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from invoices.domain.document.store import DOCUMENTS
from invoices.domain.mail.delivery import MAILS
from invoices.domain.month_close.bulk_action import BULK_ACTIONS
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.run.bills import BILLS
from invoices.domain.run.schedule import start_due_runs

QUEUES: tuple[Queue, ...] = (BILLS, BULK_ACTIONS, DOCUMENTS, MAILS)

# Both are shorter than the lease of an attempt, after which another worker may claim it.
MAX_SECONDS_PER_DOCUMENT = 330
MAX_SECONDS_PER_EMAIL = 240


@shared_task(name="invoices.bill")
def bill_task(*, item_ids: list[int], **_: object) -> None:
    """Bill periods of some customers in a run."""
    BILLS.work(item_ids, at=now())


@shared_task(name="invoices.render", time_limit=MAX_SECONDS_PER_DOCUMENT)
def render_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Render and store one PDF."""
    DOCUMENTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="invoices.bulk_action")
def bulk_action_task(*, item_id: int, **_: object) -> None:
    """Approve, issue or send all invoices of a month, a batch at a time."""
    while BULK_ACTIONS.work(item_id, at=now()):
        pass


@shared_task(name="invoices.mail", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email."""
    MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="invoices.sweep")
def sweep_task(**_: object) -> int:
    """Queue the bills, bulk actions, PDFs and emails that are due; return the number of messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="invoices.start_due_runs")
def start_due_runs_task(**_: object) -> int:
    """Create the months that periods are in, and start the scheduled runs that are due; return how many."""
    create_missing_months()
    return len(start_due_runs(at=now()))
