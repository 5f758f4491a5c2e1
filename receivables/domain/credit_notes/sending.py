"""Send an issued credit note to the customer, as invoices are sent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from invoices.domain.mail.request import recipients_of
from invoices.domain.mail.server import check_server
from leads.domain.memberships.addresses import portal_address
from receivables.domain.credit_notes.drafting import WrongState
from receivables.domain.papers.mail import send
from receivables.models import CreditNote, PaperMail


def text_of(note: CreditNote) -> tuple[str, str]:
    """Return the subject and message of an issued note's email."""
    seller, invoice = note.invoice.seller["name"], note.invoice
    with money.read_in(invoice.bill_to.get("locale", str(money.LOCALE))):
        total = money.in_words(note.total, note.currency)
        issued_on = f" of {day_in_words(invoice.issued_on)}" if invoice.issued_on else ""
    address = portal_address(invoice.customer, "invoice", invoice)
    portal = f"See the invoice: {address}\n\n" if address else ""
    body = (
        f"Dear {invoice.bill_to['name']},\n\nCredit note {note.number} for invoice {invoice.number}{issued_on} is"
        f" attached.\n\nCredited: {total} {note.currency}\nWhy: {note.reason.name}. {note.sentence}\n\n{portal}{seller}\n"
    )
    return f"Credit note {note.number} for invoice {invoice.number}", body


def contacts_of(note: CreditNote) -> list[str]:
    """Return the customer's billing contacts at the time of the invoice's issue."""
    return recipients_of(note.invoice)


def check_may_be_sent(note: CreditNote) -> None:
    """Raise WrongState or NoMailServer."""
    if note.state != CreditNote.State.ISSUED:
        raise WrongState("Only an issued credit note can be sent.")
    check_server()


def send_note(
    note: CreditNote,
    *,
    by: User | None,
    at: datetime,
    to: Sequence[str] | None = None,
    text: tuple[str, str] | None = None,
    request: UUID | None = None,
) -> PaperMail:
    """Request one email; raises WrongState, NoMailServer, BadRecipients, EmptyEmail or EmailTooLong."""
    check_may_be_sent(note)
    assert note.paper is not None, "set at issue"  # noqa: S101 -- for mypy
    return send(
        note.paper,
        to=contacts_of(note) if to is None else to,
        text=text or text_of(note),
        by=by,
        at=at,
        request=request,
        about=[note, note.invoice],
    )
