"""A mail is delivered: tried again with growing pauses, and then a person's turn.

SMTP has no "exactly once": between the server's yes and our note of it a machine may die. So all attempts have one
Message-ID, and where a copy may have arrived, the mail says so. Nothing is locked while the server is asked.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.document.store import DocumentIsBeingMade, document_of
from invoices.domain.mail.server import HandedOver, hand_over, is_a_server, server
from invoices.models import Invoice, InvoiceDocument, InvoiceMail

State = InvoiceMail.State

PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60)
)  # and an hour after each further one
GIVEN_UP_AFTER = timedelta(hours=24)
MOST_INTERRUPTED = 5  # attempts whose worker ended: then it is a person's turn
LEASE = timedelta(minutes=5)  # a worker that has not answered by then has ended: the task's own limit is shorter
FOR_ITS_PDF = timedelta(seconds=30)
VOID = "Not sent: the invoice is void."


class Mails(LeasedQueue[InvoiceMail, HandedOver | None]):
    """Mails to be sent. An attempt whose worker ended may have arrived; the attempts end by time, not by count."""

    task = "invoices.mail"
    lease = LEASE
    most_attempts = None

    def waiting(self) -> QuerySet[InvoiceMail]:
        return InvoiceMail.objects.waiting().select_related("invoice")

    def locked(self, items: QuerySet[InvoiceMail]) -> QuerySet[InvoiceMail]:
        """With the invoice: what is void does not go out."""
        return items.select_for_update(of=("self", "invoice"), no_key=True, skip_locked=True)

    def may_begin(self, mail: InvoiceMail, *, at: datetime) -> bool:
        if mail.is_being_sent:  # and its worker has ended, or this attempt were another one
            mail.is_being_sent, mail.may_have_arrived, mail.interrupted = False, True, mail.interrupted + 1
        document = _document(mail, at)
        if document is None:
            return False
        mail.is_being_sent, mail.via, mail.sha256 = True, server(), document.sha256
        return True

    def act(self, mail: InvoiceMail, *, at: datetime) -> HandedOver | None:
        """Hand it to the server; None where it is only written down."""
        message = _message(mail, document_of(mail.invoice))
        if is_a_server():
            return hand_over(message, to=mail.waiting_for)
        message.send()
        return None

    def settle(self, mail: InvoiceMail, handed: HandedOver | None, *, at: datetime) -> None:
        mail.is_being_sent = False
        if handed is None:
            _settle(mail, at, none=State.WRITTEN, reason=f"Written down by {server()}. Nobody got it.")
        else:
            _note(mail, handed, at=at)

    def fail(self, mail: InvoiceMail, failure: Failure, *, at: datetime) -> None:
        """An error that we did not foresee says nothing about what the server had by then."""
        self.settle(mail, HandedOver(reason=failure.words, in_doubt=True), at=at)

    def tidy(self, *, at: datetime) -> None:
        settle_what_became_void(at=at)


MAILS = Mails()


def deliver(mail_id: int, *, attempt: int, at: datetime) -> None:
    """Send the mail, if it waits for this attempt."""
    MAILS.work(mail_id, attempt=attempt, at=at)


def _document(mail: InvoiceMail, at: datetime) -> InvoiceDocument | None:
    """The PDF that goes with it; None where it does not go out now, which is noted on it."""
    if mail.invoice.state == Invoice.State.VOID:
        _settle(mail, at, none=State.VOID, reason=VOID)
        return None
    if mail.interrupted >= MOST_INTERRUPTED:
        _settle(mail, at, reason=f"{mail.interrupted} workers ended while they were sending it.")
        return None
    try:
        return document_of(mail.invoice)
    except DocumentIsBeingMade:
        mail.reason, mail.next_attempt_at = "Waits for its PDF.", at + FOR_ITS_PDF
    except Refused as refusal:
        _settle(mail, at, reason=str(refusal))
    return None


def _note(mail: InvoiceMail, handed: HandedOver, *, at: datetime) -> None:
    """What the server said, address by address."""
    mail.taken = [*mail.taken, *handed.taken]
    mail.refused = {**mail.refused, **handed.refused}
    mail.may_have_arrived = mail.may_have_arrived or handed.in_doubt
    pause = PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    mail.reason = handed.reason or "; ".join(dict.fromkeys(mail.refused.values()))
    if not mail.waiting_for:
        _settle(mail, at, reason=mail.reason)
    elif mail.attempts > len(PAUSES) and at + pause >= mail.asked_at + GIVEN_UP_AFTER:
        _settle(mail, at, reason=f"Given up after {mail.attempts} attempts: {mail.reason}")
    else:
        mail.next_attempt_at = at + pause
    if mail.taken:
        Invoice.objects.filter(pk=mail.invoice_id, state=Invoice.State.ISSUED, sent_at=None).update(sent_at=at)


def _settle(mail: InvoiceMail, at: datetime, *, reason: str, none: InvoiceMail.State = State.FAILED) -> None:
    """It is over: sent to all, to some, or to none."""
    is_whole = len(mail.taken) == len(mail.to)
    mail.state = State.SENT if is_whole else State.PARTLY if mail.taken else none
    mail.reason, mail.settled_at, mail.next_attempt_at = "" if is_whole else reason, at, None


@transaction.atomic
def settle_what_became_void(*, at: datetime) -> int:
    """Mails that wait, of invoices that became void meanwhile; answers how many. One that is being sent is left alone."""
    waiting = InvoiceMail.objects.waiting().filter(invoice__state=Invoice.State.VOID, is_being_sent=False)
    found = list(waiting.select_for_update(of=("self",), skip_locked=True))
    for mail in found:
        _settle(mail, at, none=State.VOID, reason=VOID)
        mail.save()
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
