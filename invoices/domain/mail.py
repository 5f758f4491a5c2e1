"""An issued invoice goes out by e-mail with its PDF: asked for once, sent by a worker, and every mail is on record.

SMTP has no "exactly once": between the server's "accepted" and our note of it a machine may die. So a mail's row is
claimed before it is sent and locked while it is; a request is sent once however often its task is repeated, and only a
worker that dies in that instant makes a second copy, with the same Message-ID, told by the row's number of attempts.
"""

from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPException
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.later import after_commit
from invoices.domain.document import InvoiceIsNotIssued, document_of
from invoices.domain.mail_text import written
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceDocument, InvoiceMail

State = InvoiceMail.State
MOST_ATTEMPTS = 5  # of workers that ended while sending: then it is a person's turn
MOST_RECIPIENTS = 20


class BadRecipients(Refused):
    """A mail goes to addresses that can be written to."""

    code = "bad_recipients"


class NothingWritten(Refused):
    """A mail says something."""

    code = "empty_mail"
    message = "A mail needs a subject and a message."


class MailNotFailed(Refused):
    """Only what could not be sent is tried again."""

    code = "mail_not_failed"
    message = "This mail has not failed: send the invoice again from its own page."


def recipients_of(invoice: Invoice) -> list[str]:
    """Whom an invoice goes to, as it was when it was issued."""
    return [str(contact) for contact in invoice.bill_to.get("contacts", [])]


@transaction.atomic
def send(
    invoice: Invoice,
    *,
    by: User | None,
    at: datetime,
    to: Sequence[str] | None = None,
    text: tuple[str, str] | None = None,
    request: UUID | None = None,
) -> InvoiceMail:
    """Ask for one mail: to the customer's billing contacts and by its template, unless said otherwise.

    The same `request` again changes nothing and answers the same mail. Raises InvoiceIsNotIssued, BadRecipients or
    NothingWritten.
    """
    if invoice.state != Invoice.State.ISSUED:
        raise InvoiceIsNotIssued("Only an issued invoice is sent.", invoice=invoice.pk)
    subject, body = text or written(invoice)
    if not clean(subject) or not body.strip():
        raise NothingWritten
    facts = {
        "invoice": invoice,
        "to": _addresses(recipients_of(invoice) if to is None else to),
        "subject": clean(subject),
        "body": body,
        "asked_at": at,
        "asked_by": by,
    }
    mail, is_new = InvoiceMail.objects.get_or_create(request=request or uuid4(), defaults=facts)
    if is_new:
        after_commit("invoices.mail", mail_id=mail.pk)
    return mail


def send_again(mail: InvoiceMail, *, by: User | None, at: datetime) -> InvoiceMail:
    """A mail that failed, as it was, as a new request; raises MailNotFailed."""
    if mail.state != State.FAILED:
        raise MailNotFailed
    return send(mail.invoice, by=by, at=at, to=mail.to, text=(mail.subject, mail.body))


def _addresses(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(address.strip() for address in given if address.strip()))
    if not found:
        raise BadRecipients("Say to whom: this customer has no billing contacts.")
    if len(found) > MOST_RECIPIENTS:
        raise BadRecipients(f"A mail goes to {MOST_RECIPIENTS} addresses at most.")
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise BadRecipients(f"Nobody can be written to at «{address}».") from None
    return found


def deliver(mail_id: int, *, at: datetime) -> None:
    """Send the mail if it waits and nobody else is sending it; what goes wrong is noted on it, and is a person's turn."""
    if not _claimed(mail_id, at):
        return
    with transaction.atomic():
        mail = _locked(mail_id)
        if mail is None:
            return
        document = document_of(mail.invoice, at=at)
        mail.sha256, mail.via, mail.settled_at = document.sha256, server(), at
        try:
            _message(mail, document).send()
        except (SMTPException, OSError) as error:
            mail.state, mail.reason = State.FAILED, _in_words(error)
        else:
            mail.state = State.SENT
            Invoice.objects.filter(pk=mail.invoice_id, sent_at=None).update(sent_at=at)
        mail.save(update_fields=["sha256", "via", "settled_at", "state", "reason"])


@transaction.atomic
def _claimed(mail_id: int, at: datetime) -> bool:
    """Note, and commit, that it is about to be sent: who dies while sending leaves a trace."""
    mail = _locked(mail_id)
    if mail is None:
        return False
    if mail.attempts >= MOST_ATTEMPTS:
        mail.state, mail.settled_at = State.FAILED, at
        mail.reason = f"{MOST_ATTEMPTS} workers ended while they were sending it."
    else:
        mail.attempts += 1
    mail.save(update_fields=["state", "settled_at", "reason", "attempts"])
    return mail.state == State.WAITING


def _locked(mail_id: int) -> InvoiceMail | None:
    waiting = InvoiceMail.objects.waiting().select_for_update(of=("self",), skip_locked=True)
    return waiting.select_related("invoice").filter(pk=mail_id).first()


def server() -> str:
    """Who takes the mails, in words: a machine without EMAIL_URL writes them to its log and says so."""
    kind = settings.EMAIL_BACKEND.split(".")[-2]
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if kind == "smtp" else f"{kind}, not a mail server"


def _message(mail: InvoiceMail, document: InvoiceDocument) -> EmailMessage:
    sender = settings.DEFAULT_FROM_EMAIL
    # The same for every attempt, so that a second copy can be known as one.
    message_id = f"<{mail.request}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
    return EmailMessage(
        mail.subject,
        mail.body,
        sender,
        mail.to,
        headers={"Message-ID": message_id},
        attachments=[(f"{mail.invoice.number}.pdf", bytes(document.content), "application/pdf")],
    )


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2_000]
