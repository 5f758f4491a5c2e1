"""Write a note on a customer's account."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer
from receivables.models import AccountNote

NOTE_WRITTEN = Verb("account_note_written", "Note written")


class EmptyNote(Refused):
    """A note needs words."""

    code = "empty_note"
    message = "Write something first."


@transaction.atomic
def write_note(customer: Customer, *, text: str, by: User, at: datetime) -> AccountNote:
    """Store a note; raises EmptyNote."""
    if not (words := text.strip()):
        raise EmptyNote
    note = AccountNote.objects.create(customer=customer, text=words, written_at=at, written_by=by)
    record(NOTE_WRITTEN, on=note, by=by, after={"text": words}, also=[customer])
    return note
