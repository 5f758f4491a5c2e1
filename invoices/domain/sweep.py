"""Finds what waits to be billed, rendered or sent, whatever became of the messages."""

from billing_engine.core.later import after_commit
from invoices.models import BillingRunItem, Invoice, InvoiceMail

AT_A_TIME = 5_000


def ask_for_waiting_items() -> int:
    """Ask for every item of a run that waits to be billed; answers how many."""
    waiting = list(BillingRunItem.objects.waiting().values_list("pk", flat=True)[:AT_A_TIME])
    for item_id in waiting:
        after_commit("invoices.bill", item_id=item_id)
    return len(waiting)


def ask_for_missing_documents() -> int:
    """Ask for the PDF of every issued invoice that has none yet; answers how many."""
    missing = Invoice.objects.filter(state=Invoice.State.ISSUED, document=None).values_list("pk", flat=True)[:AT_A_TIME]
    for invoice_id in missing:
        after_commit("invoices.render", invoice_id=invoice_id)
    return len(missing)


def ask_for_waiting_mails() -> int:
    """Ask for every mail that waits; one that is being sent right now is left alone by who asks. Answers how many."""
    waiting = list(InvoiceMail.objects.waiting().order_by("asked_at").values_list("pk", flat=True)[:AT_A_TIME])
    for mail_id in waiting:
        after_commit("invoices.mail", mail_id=mail_id)
    return len(waiting)
