"""An issued invoice is to go out by e-mail: asked for once, to whom and in which words; a worker delivers it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from invoices.domain.document.store import InvoiceIsNotIssued
from invoices.domain.mail.server import check_server
from invoices.domain.mail.template import MOST_CHARACTERS, written
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceMail

State = InvoiceMail.State
MOST_RECIPIENTS = 20
SENT_AGAIN = (State.FAILED, State.PARTLY, State.WRITTEN)


class BadRecipients(Refused):
    """A mail goes to addresses that can be written to."""

    code = "bad_recipients"


class NothingWritten(Refused):
    """A mail says something."""

    code = "empty_mail"
    message = "A mail needs a subject and a message."


class TooMuchWritten(Refused):
    """A mail has the same limit wherever it is written: in the dialog, by a template, by all at once."""

    code = "mail_too_long"


class MailNotFailed(Refused):
    """Only what could not be sent is tried again."""

    code = "mail_not_failed"
    message = "This mail has not failed: send the invoice again from its own page."


class SentAgainAlready(Refused):
    """Of an invoice's mails the latest counts."""

    code = "mail_sent_again"
    message = "A later mail of this invoice was made since: look at that one."


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

    The same `request` again changes nothing and answers the same mail. Raises InvoiceIsNotIssued, NoMailServer,
    BadRecipients, NothingWritten or TooMuchWritten.
    """
    check_may_be_sent(invoice)
    subject, body = _checked(*(text or written(invoice)))
    in_doubt = _in_doubt(invoice, subject, body)
    facts = {
        "invoice": invoice,
        "to": _addresses(recipients_of(invoice) if to is None else to),
        "subject": subject,
        "body": body,
        "asked_at": at,
        "asked_by": by,
        "next_attempt_at": at,
        # A customer's mail program knows a second copy by it.
        "message_id": in_doubt.message_id if in_doubt else _message_id(),
        "may_have_arrived": in_doubt is not None,
    }
    mail, is_new = InvoiceMail.objects.get_or_create(request=request or uuid4(), defaults=facts)
    if is_new:
        after_commit("invoices.mail", mail_id=mail.pk, attempt=mail.attempts)
    return mail


@transaction.atomic
def send_again(mail: InvoiceMail, *, by: User | None, at: datetime) -> InvoiceMail:
    """A mail that failed, as it was, as a new request to those who have not got it; raises MailNotFailed or SentAgainAlready."""
    Invoice.objects.select_for_update().get(pk=mail.invoice_id)  # of two who ask at once the second one is too late
    check_may_be_sent_again(mail)
    return send(mail.invoice, by=by, at=at, to=mail.without_it, text=(mail.subject, mail.body))


def check_may_be_sent(invoice: Invoice) -> None:
    """Raise InvoiceIsNotIssued or NoMailServer."""
    if invoice.state != Invoice.State.ISSUED:
        raise InvoiceIsNotIssued("Only an issued invoice is sent.", invoice=invoice.pk)
    check_server()


def check_may_be_sent_again(mail: InvoiceMail) -> None:
    """Raise MailNotFailed, SentAgainAlready, InvoiceIsNotIssued or NoMailServer."""
    if mail.state not in SENT_AGAIN:
        raise MailNotFailed
    if InvoiceMail.objects.filter(invoice=mail.invoice_id, pk__gt=mail.pk).exists():
        raise SentAgainAlready
    check_may_be_sent(mail.invoice)


def _checked(subject: str, body: str) -> tuple[str, str]:
    subject, body = clean(subject), body.replace("\r\n", "\n")
    if not subject or not body.strip():
        raise NothingWritten
    for name, text in (("subject", subject), ("message", body)):
        if len(text) > MOST_CHARACTERS[name]:
            raise TooMuchWritten(
                f"The {name} has {len(text):,} characters; a mail's {name} has {MOST_CHARACTERS[name]:,} at most."
            )
    return subject, body


def _in_doubt(invoice: Invoice, subject: str, body: str) -> InvoiceMail | None:
    """The latest mail of the same words, where nobody knows whether it arrived."""
    latest = InvoiceMail.objects.filter(invoice=invoice, subject=subject, body=body).order_by("-pk").first()
    return latest if latest is not None and latest.may_have_arrived and latest.state == State.FAILED else None


def _message_id() -> str:
    return f"<{uuid4()}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>') or 'localhost'}>"


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
            raise BadRecipients(f"Nobody can be written to at “{address}”.") from None
    return found
