"""Request the email of an issued invoice: each request is stored once, and a worker delivers it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from invoices.domain.document.store import InvoiceIsNotIssued
from invoices.domain.life.deeds import touched_by
from invoices.domain.mail.delivery import MAILS
from invoices.domain.mail.server import check_server
from invoices.domain.mail.template import MAX_CHARACTERS, email_text
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceMail

State = InvoiceMail.State

EMAIL_REQUESTED = Verb("email_requested", "Email requested")
MAX_RECIPIENTS = 20
RESENDABLE = (State.FAILED, State.PARTLY, State.WRITTEN)


class BadRecipients(Refused):
    """An email needs valid addresses."""

    code = "bad_recipients"


class EmptyEmail(Refused):
    """An email needs a subject and a message."""

    code = "empty_email"
    message = "Enter a subject and a message."


class EmailTooLong(Refused):
    """An email has the same limits in the dialog, in a template and in a bulk action."""

    code = "email_too_long"


class EmailHasNotFailed(Refused):
    """Only a failed email can be sent again."""

    code = "email_has_not_failed"
    message = "This email has not failed. Send the invoice again from its own page."


class EmailIsWaiting(Refused):
    """A button pressed twice, or by two people, sends one email."""

    code = "email_is_waiting"
    message = "An email of this invoice is already on its way."


class AlreadySent(Refused):
    """An invoice that was sent can be sent again only from its own page, which says when it was sent."""

    code = "already_sent"
    message = "This invoice was already sent. To send it again, open it."


class NewerEmailExists(Refused):
    """Only the latest email of an invoice can be sent again."""

    code = "newer_email_exists"
    message = "This invoice has a newer email. See that one."


def recipients_of(invoice: Invoice) -> list[str]:
    """Return the customer's billing contacts at the time of issue."""
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
    """Request one email: by default to the customer's billing contacts, with its template's text.

    Repeating the same `request` changes nothing and returns the same email. Raises InvoiceIsNotIssued, NoMailServer,
    BadRecipients, EmptyEmail or EmailTooLong.
    """
    check_may_be_sent(invoice)
    subject, body = _checked(*(text or email_text(invoice)))
    in_doubt = _in_doubt(invoice, subject, body)
    defaults = {
        "invoice": invoice,
        "to": _addresses(recipients_of(invoice) if to is None else to),
        "subject": subject,
        "body": body,
        "requested_at": at,
        "requested_by": by,
        "next_attempt_at": at,
        # The customer's email program recognizes a second copy by it.
        "message_id": in_doubt.message_id if in_doubt else _message_id(),
        "may_have_arrived": in_doubt is not None,
    }
    mail, is_new = InvoiceMail.objects.get_or_create(request=request or uuid4(), defaults=defaults)
    if is_new:
        also = [invoice, *touched_by(invoice)]
        after = {"to": mail.to, "subject": mail.subject, **_own_words(invoice, mail, is_given=text is not None)}
        record(EMAIL_REQUESTED, on=mail, by=by, after=after, also=also)
        MAILS.ask_for(mail)
    return mail


@transaction.atomic
def send_once(invoice: Invoice, *, by: User | None, at: datetime) -> InvoiceMail:
    """Request the email of an invoice that was not sent yet, to its contacts and with its template's text.

    Of two simultaneous requests, the second is refused. Raises EmailIsWaiting or AlreadySent, and what `send` raises.
    """
    locked = Invoice.objects.select_for_update(of=("self",), no_key=True)
    invoice = locked.select_related("customer", "period").get(pk=invoice.pk)
    check_may_be_sent(invoice)
    mails = InvoiceMail.objects.filter(invoice=invoice)
    if mails.waiting().exists():
        raise EmailIsWaiting
    if mails.filter(state=State.SENT).exists():
        raise AlreadySent
    return send(invoice, by=by, at=at)


@transaction.atomic
def send_again(mail: InvoiceMail, *, by: User | None, at: datetime) -> InvoiceMail:
    """Send a failed email again to the remaining addresses, as a new request; raise EmailHasNotFailed or NewerEmailExists."""
    Invoice.objects.select_for_update().get(pk=mail.invoice_id)  # of two simultaneous requests, the second is refused
    check_may_be_sent_again(mail)
    return send(mail.invoice, by=by, at=at, to=mail.missing_addresses, text=(mail.subject, mail.body))


def check_may_be_sent(invoice: Invoice) -> None:
    """Raise InvoiceIsNotIssued or NoMailServer."""
    if invoice.state != Invoice.State.ISSUED:
        raise InvoiceIsNotIssued("Only an issued invoice can be sent.", invoice=invoice.pk)
    check_server()


def check_may_be_sent_again(mail: InvoiceMail) -> None:
    """Raise EmailHasNotFailed, NewerEmailExists, InvoiceIsNotIssued or NoMailServer."""
    if mail.state not in RESENDABLE:
        raise EmailHasNotFailed
    if InvoiceMail.objects.filter(invoice=mail.invoice_id, pk__gt=mail.pk).exists():
        raise NewerEmailExists
    check_may_be_sent(mail.invoice)


def _checked(subject: str, body: str) -> tuple[str, str]:
    subject, body = clean(subject), body.replace("\r\n", "\n")
    if not subject or not body.strip():
        raise EmptyEmail
    for name, text in (("subject", subject), ("message", body)):
        if len(text) > MAX_CHARACTERS[name]:
            raise EmailTooLong(f"The {name} has {len(text):,} characters; the limit is {MAX_CHARACTERS[name]:,}.")
    return subject, body


def _own_words(invoice: Invoice, mail: InvoiceMail, *, is_given: bool) -> dict[str, str]:
    """Return the message if a person wrote it: it could name another account than the invoice does."""
    is_own = is_given and mail.body.strip() != email_text(invoice)[1].strip()
    return {"message": mail.body} if is_own else {}


def _in_doubt(invoice: Invoice, subject: str, body: str) -> InvoiceMail | None:
    """Return the latest email with the same text, if it is unknown whether it arrived."""
    latest = InvoiceMail.objects.filter(invoice=invoice, subject=subject, body=body).order_by("-pk").first()
    return latest if latest is not None and latest.may_have_arrived and latest.state == State.FAILED else None


def _message_id() -> str:
    return f"<{uuid4()}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>') or 'localhost'}>"


def _addresses(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(address.strip() for address in given if address.strip()))
    if not found:
        raise BadRecipients("Enter an address. This customer has no billing contacts.")
    if len(found) > MAX_RECIPIENTS:
        raise BadRecipients(f"An email can have at most {MAX_RECIPIENTS} addresses.")
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise BadRecipients(f"“{address}” is not a valid email address.") from None
    return found
