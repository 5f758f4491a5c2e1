"""Deliver emails: failures are retried at growing intervals, then reported to a person.

SMTP has no "exactly once": a machine may die after the server accepts an email and before we record it. So all attempts
share one Message-ID, and the record says where a copy may have arrived. No lock is held while talking to the server.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.document.store import DocumentIsBeingMade, document_of
from invoices.domain.life.deeds import touched_by
from invoices.domain.mail.outcome import MAX_INTERRUPTED, end, may_retry, note_interruption, note_replies
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email, server_name
from invoices.models import Invoice, InvoiceDocument, InvoiceMail

State = InvoiceMail.State

EMAIL_SENT = Verb("email_sent", "Email sent")
EMAIL_NOT_SENT = Verb("email_not_sent", "Email not sent")

LEASE = timedelta(minutes=5)  # longer than the task's own limit, so that its worker has ended by then
FOR_ITS_PDF = timedelta(seconds=30)
VOID = "Not sent: the invoice is void."


class Mails(LeasedQueue[InvoiceMail, DeliveryResult | None]):
    """The queue of emails to send; an interrupted attempt may have arrived, and attempts are limited by time, not count."""

    task = "invoices.mail"
    lease = LEASE
    most_attempts = None

    def waiting(self) -> QuerySet[InvoiceMail]:
        return InvoiceMail.objects.waiting().select_related("invoice")

    def locked(self, items: QuerySet[InvoiceMail]) -> QuerySet[InvoiceMail]:
        """Lock the email with its invoice, so that a void invoice is not sent."""
        return items.select_for_update(of=("self", "invoice"), no_key=True, skip_locked=True)

    def may_begin(self, mail: InvoiceMail, *, at: datetime) -> bool:
        note_interruption(mail)
        document = _document(mail, at)
        if document is None:
            return False
        mail.is_being_sent, mail.via, mail.sha256 = True, server_name(), document.sha256
        return True

    def act(self, mail: InvoiceMail, *, at: datetime) -> DeliveryResult | None:
        """Hand the email to the server; return None if there is no mail server and it is only recorded."""
        message = _message(mail, document_of(mail.invoice))
        if sends_email():
            return hand_over(message, to=mail.pending_addresses)
        message.send()
        return None

    def settle(self, mail: InvoiceMail, handed: DeliveryResult | None, *, at: datetime) -> None:
        mail.is_being_sent = False
        if handed is None:
            _settle(mail, at, none=State.WRITTEN, reason=f"Recorded by {server_name()}. It was not delivered.")
        else:
            _note(mail, handed, at=at)

    def fail(self, mail: InvoiceMail, failure: Failure, *, at: datetime) -> None:
        """After an unexpected error, the server may or may not have received the email."""
        self.settle(mail, DeliveryResult(reason=failure.words, in_doubt=True), at=at)

    def tidy(self, *, at: datetime) -> None:
        settle_void_emails(at=at)


MAILS = Mails()


def deliver(mail_id: int, *, attempt: int, at: datetime) -> None:
    """Send the email if it is waiting for this attempt."""
    MAILS.work(mail_id, attempt=attempt, at=at)


def _document(mail: InvoiceMail, at: datetime) -> InvoiceDocument | None:
    """Return the PDF to attach; None if the email cannot be sent now, which is recorded on it."""
    if mail.invoice.state == Invoice.State.VOID:
        _settle(mail, at, none=State.VOID, reason=VOID)
        return None
    if mail.interrupted >= MAX_INTERRUPTED:
        _settle(mail, at, reason=f"{mail.interrupted} workers ended while sending it.")
        return None
    try:
        return document_of(mail.invoice)
    except DocumentIsBeingMade:
        mail.reason, mail.next_attempt_at = "Waiting for its PDF.", at + FOR_ITS_PDF
    except Refused as refusal:
        _settle(mail, at, reason=str(refusal))
    return None


def _note(mail: InvoiceMail, handed: DeliveryResult, *, at: datetime) -> None:
    """Record the server's reply for each address."""
    reason = note_replies(mail, handed)
    if not mail.pending_addresses:
        _settle(mail, at, reason=reason)
    elif not may_retry(mail, mail.requested_at, at=at, reason=reason):
        _settle(mail, at, reason=f"Given up after {mail.attempts} attempts: {reason}")
    if mail.accepted:
        Invoice.objects.filter(pk=mail.invoice_id, state=Invoice.State.ISSUED, sent_at=None).update(sent_at=at)


def _settle(mail: InvoiceMail, at: datetime, *, reason: str, none: InvoiceMail.State = State.FAILED) -> None:
    """Settle the email: sent to all addresses, to some, or to none."""
    is_complete = end(mail, at, reason=reason, none=none)
    after = {"state": mail.state, "accepted": mail.accepted, "rejected": mail.rejected, "because": mail.reason}
    also = [mail.invoice, *touched_by(mail.invoice)]
    record(EMAIL_SENT if is_complete else EMAIL_NOT_SENT, on=mail, by=None, after=after, also=also)


@transaction.atomic
def settle_void_emails(*, at: datetime) -> int:
    """Settle waiting emails of void invoices, except those being sent; return how many."""
    waiting = InvoiceMail.objects.waiting().filter(invoice__state=Invoice.State.VOID, is_being_sent=False)
    found = list(waiting.select_for_update(of=("self",), skip_locked=True))
    for mail in found:
        _settle(mail, at, none=State.VOID, reason=VOID)
        mail.save(update_fields=["state", "reason", "settled_at", "next_attempt_at"])
    return len(found)


def _message(mail: InvoiceMail, document: InvoiceDocument) -> EmailMessage:
    return EmailMessage(
        mail.subject,
        mail.body,
        settings.DEFAULT_FROM_EMAIL,
        mail.to,
        headers={"Message-ID": mail.message_id},
        attachments=[(document.file_name, bytes(document.content or b""), "application/pdf")],
    )
