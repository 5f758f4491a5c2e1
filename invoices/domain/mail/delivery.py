"""Deliver the emails of invoices."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.letters.brand import brand_named
from billing_engine.core.letters.letter import Letter, letter_of
from invoices.domain.document.store import document_of
from invoices.domain.life.deeds import touched_by
from invoices.domain.mail.queue import MailQueue
from invoices.models import Invoice, InvoiceDocument, InvoiceMail
from leads.domain.memberships.emails import money_notes

State = InvoiceMail.State

EMAIL_SENT = Verb("email_sent", "Email sent")
EMAIL_NOT_SENT = Verb("email_not_sent", "Email not sent")

VOID = "Not sent: the invoice is void."


class Mails(MailQueue[InvoiceMail]):
    """The emails of invoices to send."""

    task = "invoices.mail"

    def waiting(self) -> QuerySet[InvoiceMail]:
        return InvoiceMail.objects.waiting().select_related("invoice__customer")

    def locked(self, items: QuerySet[InvoiceMail]) -> QuerySet[InvoiceMail]:
        """Lock the email with its invoice, so that a void invoice is not sent."""
        return items.select_for_update(of=("self", "invoice"), no_key=True, skip_locked=True)

    def document(self, mail: InvoiceMail) -> InvoiceDocument:
        return document_of(mail.invoice)

    def file_name(self, mail: InvoiceMail) -> str:
        return f"{mail.invoice}.pdf"

    def letter(self, mail: InvoiceMail) -> Letter:
        return invoice_letter(mail.invoice, mail.subject, mail.body)

    def why_not(self, mail: InvoiceMail) -> tuple[str, str]:
        return (State.VOID, VOID) if mail.invoice.state == Invoice.State.VOID else ("", "")

    def accepted(self, mail: InvoiceMail, *, at: datetime) -> None:
        Invoice.objects.filter(pk=mail.invoice_id, state=Invoice.State.ISSUED, sent_at=None).update(sent_at=at)

    def ended(self, mail: InvoiceMail, *, is_complete: bool) -> None:
        after = {"state": mail.state, "accepted": mail.accepted, "rejected": mail.rejected, "because": mail.reason}
        also = [mail.invoice, *touched_by(mail.invoice)]
        record(EMAIL_SENT if is_complete else EMAIL_NOT_SENT, on=mail, by=None, after=after, also=also)

    def tidy(self, *, at: datetime) -> None:
        settle_void_emails(at=at)


MAILS = Mails()


def invoice_letter(invoice: Invoice, subject: str, body: str) -> Letter:
    """Return the email of an invoice, in the look of the company that sent it."""
    seller = invoice.seller
    brand = brand_named(seller["name"], email=seller["email"], address=seller["address"])
    return letter_of(subject, body, brand=brand, notes=money_notes(invoice.customer, brand))


def deliver(mail_id: int, *, attempt: int, at: datetime) -> None:
    """Send the email if it is waiting for this attempt."""
    MAILS.work(mail_id, attempt=attempt, at=at)


@transaction.atomic
def settle_void_emails(*, at: datetime) -> int:
    """Settle waiting emails of void invoices, except those being sent; return how many."""
    waiting = InvoiceMail.objects.waiting().filter(invoice__state=Invoice.State.VOID, is_being_sent=False)
    found = list(waiting.select_for_update(of=("self",), skip_locked=True))
    for mail in found:
        MAILS.end(mail, at, none=State.VOID, reason=VOID)
        mail.save(update_fields=["state", "reason", "settled_at", "next_attempt_at"])
    return len(found)
