"""What workers do for invoices: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from invoices.domain.document.store import make
from invoices.domain.mail.delivery import deliver, settle_what_became_void
from invoices.domain.month_close.bulk_action import do_next
from invoices.domain.run.billing_run import bill
from invoices.domain.run.schedule import start_due_runs
from invoices.domain.run.sweep import (
    ask_for_due_documents,
    ask_for_due_mails,
    ask_for_errands,
    ask_for_missing_documents,
    ask_for_waiting_items,
    finish_done_runs,
)

# Both are shorter than the lease of an attempt, after which another worker may take it.
MOST_SECONDS_FOR_A_DOCUMENT = 330
MOST_SECONDS_FOR_A_MAIL = 240


@shared_task(name="invoices.bill")
def bill_task(*, item_id: int, **_: object) -> None:
    """Bill one customer's period of a run."""
    bill(item_id, at=now())


@shared_task(name="invoices.render", time_limit=MOST_SECONDS_FOR_A_DOCUMENT)
def render_task(*, document_id: int, attempt: int, **_: object) -> None:
    """Make and keep one PDF."""
    make(document_id, attempt=attempt, at=now())


@shared_task(name="invoices.errand")
def errand_task(*, cycle_id: int, **_: object) -> None:
    """Approve or issue all invoices of a cycle, one after the other."""
    while do_next(cycle_id, at=now()):
        pass


@shared_task(name="invoices.mail", time_limit=MOST_SECONDS_FOR_A_MAIL)
def mail_task(*, mail_id: int, attempt: int, **_: object) -> None:
    """Send one mail."""
    deliver(mail_id, attempt=attempt, at=now())


@shared_task(name="invoices.sweep")
def sweep_task(**_: object) -> int:
    """Ask for what runs have left to bill, errands left undone, PDFs and mails that are due; answers how many."""
    at = now()
    finish_done_runs(at=at)
    ask_for_missing_documents(at=at)
    settle_what_became_void(at=at)
    return ask_for_waiting_items(at=at) + ask_for_errands() + ask_for_due_documents(at=at) + ask_for_due_mails(at=at)


@shared_task(name="invoices.start_due_runs")
def start_due_runs_task(**_: object) -> int:
    """Start the runs of the cycles that are over; answers how many."""
    return len(start_due_runs(at=now()))
