"""What workers do for invoices: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from invoices.domain.document import document_of
from invoices.domain.mail import deliver
from invoices.domain.run import bill
from invoices.domain.sweep import ask_for_missing_documents, ask_for_waiting_items, ask_for_waiting_mails
from invoices.models import Invoice


@shared_task(name="invoices.bill")
def bill_task(*, item_id: int, **_: object) -> None:
    """Bill one customer's period of a run."""
    bill(item_id, at=now())


@shared_task(name="invoices.render")
def render_task(*, invoice_id: int, **_: object) -> None:
    """Render and keep the PDF of an issued invoice."""
    document_of(Invoice.objects.get(pk=invoice_id), at=now())


@shared_task(name="invoices.mail")
def mail_task(*, mail_id: int, **_: object) -> None:
    """Send one mail."""
    deliver(mail_id, at=now())


@shared_task(name="invoices.sweep")
def sweep_task(**_: object) -> int:
    """Ask for what runs have left to bill for PDFs that are missing, for mails that wait; answers how many."""
    return ask_for_waiting_items() + ask_for_missing_documents() + ask_for_waiting_mails()
