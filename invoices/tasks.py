"""What workers do for invoices: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from invoices.domain.document import document_of
from invoices.domain.errand import do_next
from invoices.domain.mail import deliver
from invoices.domain.run import bill
from invoices.domain.schedule import start_due_runs
from invoices.domain.sweep import (
    ask_for_errands,
    ask_for_missing_documents,
    ask_for_waiting_items,
    ask_for_waiting_mails,
    finish_done_runs,
)
from invoices.models import Invoice


@shared_task(name="invoices.bill")
def bill_task(*, item_id: int, **_: object) -> None:
    """Bill one customer's period of a run."""
    bill(item_id, at=now())


@shared_task(name="invoices.render")
def render_task(*, invoice_id: int, **_: object) -> None:
    """Render and keep the PDF of an issued invoice."""
    document_of(Invoice.objects.get(pk=invoice_id), at=now())


@shared_task(name="invoices.errand")
def errand_task(*, cycle_id: int, **_: object) -> None:
    """Approve or issue all invoices of a cycle, one after the other."""
    while do_next(cycle_id, at=now()):
        pass


@shared_task(name="invoices.mail")
def mail_task(*, mail_id: int, **_: object) -> None:
    """Send one mail."""
    deliver(mail_id, at=now())


@shared_task(name="invoices.sweep")
def sweep_task(**_: object) -> int:
    """Ask for what runs have left to bill, errands left undone, PDFs that are missing, mails that wait; answers how many."""
    finish_done_runs(at=now())
    return ask_for_waiting_items(at=now()) + ask_for_errands() + ask_for_missing_documents() + ask_for_waiting_mails()


@shared_task(name="invoices.start_due_runs")
def start_due_runs_task(**_: object) -> int:
    """Start the runs of the cycles that are over; answers how many."""
    return len(start_due_runs(at=now()))
