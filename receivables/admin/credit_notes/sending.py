"""The dialog that sends an issued credit note."""

from typing import Any
from uuid import uuid4

from billing_engine.core.errors import Refused
from receivables.domain.credit_notes.sending import check_may_be_sent, contacts_of, text_of
from receivables.models import CreditNote


def may_be_sent(note: CreditNote) -> bool:
    """Return whether sending the note would be allowed."""
    try:
        check_may_be_sent(note)
    except Refused:
        return False
    return True


def mail_of(note: CreditNote) -> dict[str, Any]:
    """Return the initial values of the dialog."""
    subject, body = text_of(note)
    return {"to": ", ".join(contacts_of(note)), "subject": subject, "body": body, "request": uuid4()}
