"""A mail is delivered: claimed before it is sent, tried again with growing pauses, and then a person's turn.

SMTP has no "exactly once": between the server's yes and our note of it a machine may die. So every attempt is counted
before it begins, only one worker makes it, and all attempts have one Message-ID; where a copy may have arrived, the mail
says so. Nothing is locked while the server is asked.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from billing_engine.core.errors import Refused
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


def deliver(mail_id: int, *, attempt: int, at: datetime) -> None:
    """Send the mail, if it waits for this attempt and nobody else makes it."""
    claimed = _claimed(mail_id, attempt=attempt, at=at)
    if claimed is None:
        return
    mail, document = claimed
    message = _message(mail, document)
    if is_a_server():
        _noted(mail, hand_over(message, to=mail.waiting_for), at=at)
    else:
        message.send()
        _written_down(mail, at=at)


@transaction.atomic
def _claimed(mail_id: int, *, attempt: int, at: datetime) -> tuple[InvoiceMail, InvoiceDocument] | None:
    """Count the attempt, before it begins. Its invoice is looked at under its lock: what is void does not go out."""
    mail = (
        InvoiceMail.objects.waiting()
        .select_for_update(of=("self", "invoice"), no_key=True, skip_locked=True)
        .select_related("invoice")
        .filter(pk=mail_id, attempts=attempt)
        .first()
    )
    if mail is None:
        return None
    if mail.is_being_sent:  # and its worker has ended, or this attempt were another one
        mail.is_being_sent, mail.may_have_arrived, mail.interrupted = False, True, mail.interrupted + 1
    document = _document(mail, at)
    if document is not None:
        mail.attempts += 1
        mail.is_being_sent, mail.next_attempt_at = True, at + LEASE
        mail.via, mail.sha256 = server(), document.sha256
    mail.save()
    return None if document is None else (mail, document)


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


@transaction.atomic
def _noted(mail: InvoiceMail, handed: HandedOver, *, at: datetime) -> None:
    """What the server said, address by address."""
    found = _in_hand(mail)
    if found is None:
        return
    found.taken = [*found.taken, *handed.taken]
    found.refused = {**found.refused, **handed.refused}
    found.may_have_arrived = found.may_have_arrived or handed.in_doubt
    pause = PAUSES[min(found.attempts, len(PAUSES)) - 1]
    found.reason = handed.reason or "; ".join(dict.fromkeys(found.refused.values()))
    if not found.waiting_for:
        _settle(found, at, reason=found.reason)
    elif found.attempts > len(PAUSES) and at + pause >= found.asked_at + GIVEN_UP_AFTER:
        _settle(found, at, reason=f"Given up after {found.attempts} attempts: {found.reason}")
    else:
        found.next_attempt_at = at + pause
    if found.taken:
        Invoice.objects.filter(pk=found.invoice_id, state=Invoice.State.ISSUED, sent_at=None).update(sent_at=at)
    found.save()


@transaction.atomic
def _written_down(mail: InvoiceMail, *, at: datetime) -> None:
    found = _in_hand(mail)
    if found is not None:
        _settle(found, at, none=State.WRITTEN, reason=f"Written down by {server()}. Nobody got it.")
        found.save()


def _in_hand(mail: InvoiceMail) -> InvoiceMail | None:
    """The mail as it is now, if its attempt is still ours; after the lease it is not."""
    waiting = InvoiceMail.objects.waiting().select_for_update()
    found = waiting.filter(pk=mail.pk, attempts=mail.attempts, is_being_sent=True).first()
    if found is not None:
        found.is_being_sent = False
    return found


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
