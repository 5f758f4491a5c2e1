"""Request the email of an issued invoice: each request is stored once, and a worker delivers it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from invoices.domain.document.store import InvoiceIsNotIssued
from invoices.domain.life.batch import Batch
from invoices.domain.life.deeds import touched_by
from invoices.domain.mail.delivery import MAILS
from invoices.domain.mail.server import check_server
from invoices.domain.mail.template import MAX_CHARACTERS, email_text, email_texts
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
    values = _values(invoice, text or email_text(invoice), by=by, at=at, to=to)
    mail, is_new = InvoiceMail.objects.get_or_create(request=request or uuid4(), defaults=values)
    if is_new:
        record_all([_requested(mail, by=by, is_own_text=text is not None)])
        MAILS.ask_for(mail)
    return mail


def send_once(invoice: Invoice, *, by: User | None, at: datetime) -> InvoiceMail:
    """Request the email of an invoice that was not sent yet, to its contacts and with its template's text.

    Of two simultaneous requests, the second is refused. Raises EmailIsWaiting or AlreadySent, and what `send` raises.
    """
    invoice = send_all_once([invoice], by=by, at=at).only()
    return invoice.mails.latest("pk")


@transaction.atomic
def send_all_once(invoices: Sequence[Invoice], *, by: User | None, at: datetime, unsent: bool = False) -> Batch:
    """Request emails, each as `send_once` does; if `unsent`, only of invoices that none of the contacts has."""
    batch = Batch(invoices, *((Invoice.State.ISSUED,) if unsent else Invoice.State))
    if unsent:
        batch.check(_check_unsent)
    earlier = dict[int, set[str]]()
    for invoice, state in InvoiceMail.objects.filter(invoice__in=batch.passing).values_list("invoice", "state"):
        earlier.setdefault(invoice, set()).add(state)
    texts, new = email_texts(batch.passing), list[InvoiceMail]()

    def prepare(invoice: Invoice) -> None:
        check_may_be_sent(invoice)
        _check_once(earlier.get(invoice.pk, set()))
        values = _values(invoice, texts[invoice.pk], by=by, at=at, is_first=invoice.pk not in earlier)
        new.append(InvoiceMail(request=uuid4(), **values))

    batch.check(prepare)
    record_all([_requested(mail, by=by) for mail in InvoiceMail.objects.bulk_create(new)])
    for mail in new:
        MAILS.ask_for(mail)
    return batch


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


def _check_unsent(invoice: Invoice) -> None:
    if invoice.sent_at:
        raise AlreadySent


def _check_once(earlier: Collection[str]) -> None:
    """Refuse a second email, by the states of the invoice's earlier ones."""
    if State.WAITING in earlier:
        raise EmailIsWaiting
    if State.SENT in earlier:
        raise AlreadySent


def check_may_be_sent_again(mail: InvoiceMail) -> None:
    """Raise EmailHasNotFailed, NewerEmailExists, InvoiceIsNotIssued or NoMailServer."""
    if mail.state not in RESENDABLE:
        raise EmailHasNotFailed
    if InvoiceMail.objects.filter(invoice=mail.invoice_id, pk__gt=mail.pk).exists():
        raise NewerEmailExists
    check_may_be_sent(mail.invoice)


def checked_text(subject: str, body: str) -> tuple[str, str]:
    """Return the subject and message as they are stored; raise EmptyEmail or EmailTooLong."""
    subject, body = clean(subject), body.replace("\r\n", "\n")
    if not subject or not body.strip():
        raise EmptyEmail
    for name, text in (("subject", subject), ("message", body)):
        if len(text) > MAX_CHARACTERS[name]:
            raise EmailTooLong(f"The {name} has {len(text):,} characters; the limit is {MAX_CHARACTERS[name]:,}.")
    return subject, body


def _values(
    invoice: Invoice,
    text: tuple[str, str],
    *,
    by: User | None,
    at: datetime,
    to: Sequence[str] | None = None,
    is_first: bool = False,
) -> dict[str, Any]:
    """Return what a new email says, except its request; `is_first` if the invoice is known to have no other."""
    subject, body = checked_text(*text)
    in_doubt = None if is_first else _in_doubt(invoice, subject, body)
    return {
        "invoice": invoice,
        "to": checked_addresses(recipients_of(invoice) if to is None else to),
        "subject": subject,
        "body": body,
        "requested_at": at,
        "requested_by": by,
        "next_attempt_at": at,
        # The customer's email program recognizes a second copy by it.
        "message_id": in_doubt.message_id if in_doubt else new_message_id(),
        "may_have_arrived": in_doubt is not None,
    }


def _requested(mail: InvoiceMail, *, by: User | None, is_own_text: bool = False) -> Deed:
    """Return the deed, with the message if a person wrote it: it could name another account than the invoice does."""
    after = {"to": mail.to, "subject": mail.subject}
    if is_own_text and mail.body.strip() != email_text(mail.invoice)[1].strip():
        after["message"] = mail.body
    return deed_of(EMAIL_REQUESTED, on=mail, by=by, after=after, also=[mail.invoice, *touched_by(mail.invoice)])


def _in_doubt(invoice: Invoice, subject: str, body: str) -> InvoiceMail | None:
    """Return the latest email with the same text, if it is unknown whether it arrived."""
    latest = InvoiceMail.objects.filter(invoice=invoice, subject=subject, body=body).order_by("-pk").first()
    return latest if latest is not None and latest.may_have_arrived and latest.state == State.FAILED else None


def new_message_id() -> str:
    """Return a new Message-ID at the sender's domain."""
    return f"<{uuid4()}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2].rstrip('>') or 'localhost'}>"


def checked_addresses(given: Sequence[str]) -> list[str]:
    """Return each address once; raise BadRecipients."""
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
