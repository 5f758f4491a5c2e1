"""What workers do for invoices: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from invoices.domain.document.store import DOCUMENTS
from invoices.domain.mail.delivery import MAILS
from invoices.domain.month_close.bulk_action import BULK_ACTIONS
from invoices.domain.run.billing_run import BILLS
from invoices.domain.run.schedule import start_due_runs

QUEUES: tuple[Queue, ...] = (BILLS, BULK_ACTIONS, DOCUMENTS, MAILS)

# Both are shorter than the lease of an attempt, after which another worker may take it.
MOST_SECONDS_FOR_A_DOCUMENT = 330
MOST_SECONDS_FOR_A_MAIL = 240


@shared_task(name="invoices.bill")
def bill_task(*, item_id: int, **_: object) -> None:
    """Bill one customer's period of a run."""
    BILLS.work(item_id, at=now())


@shared_task(name="invoices.render", time_limit=MOST_SECONDS_FOR_A_DOCUMENT)
def render_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Make and keep one PDF."""
    DOCUMENTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="invoices.bulk_action")
def bulk_action_task(*, item_id: int, **_: object) -> None:
    """Approve, issue or send all invoices of a month, one after the other."""
    while BULK_ACTIONS.work(item_id, at=now()):
        pass


@shared_task(name="invoices.mail", time_limit=MOST_SECONDS_FOR_A_MAIL)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one mail."""
    MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="invoices.sweep")
def sweep_task(**_: object) -> int:
    """Ask for the bills, bulk actions, PDFs and mails that are due; returns how many messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="invoices.start_due_runs")
def start_due_runs_task(**_: object) -> int:
    """Start the runs of the cycles that are over; answers how many."""
    return len(start_due_runs(at=now()))
