"""What a person decides about an email that was perhaps sent, or that failed."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from receivables.models.paper import ClaimedMail

ARRIVED = Verb("email_counted_as_sent", "Email counted as sent")
SENT_AGAIN = Verb("email_sent_again", "Email requested again")

Mail = TypeVar("Mail", bound=ClaimedMail)
State = ClaimedMail.State


class NotInDoubt(Refused):
    """A person decides only about an email that was perhaps sent, or that failed."""

    code = "email_not_in_doubt"
    message = "It is known whether this email was sent."


@transaction.atomic
def count_as_sent(mail: ClaimedMail, *, by: User, also: Sequence[Model] = ()) -> None:
    """Decide that an email that was perhaps sent has arrived. Raises NotInDoubt."""
    found = _in_doubt(mail, State.PERHAPS)
    before = values_of(found)
    found.state, found.decided_by = State.SENT, by
    save_changes(found, since=before)
    record(ARRIVED, on=found, by=by, after={"message ID": found.message_id}, also=[found.customer, *also])


@transaction.atomic
def send_again(mail: ClaimedMail, *, by: User, at: datetime, also: Sequence[Model] = ()) -> None:
    """Send an email that was perhaps sent, or that failed, with the same Message-ID. Raises NotInDoubt."""
    found = _in_doubt(mail, State.PERHAPS, State.FAILED)
    before = values_of(found)
    found.state, found.settled_at, found.next_attempt_at = State.WAITING, None, at
    found.attempts = found.interrupted = 0
    found.requested_at, found.decided_by, found.reason = at, by, ""
    save_changes(found, since=before)
    record(SENT_AGAIN, on=found, by=by, also=[found.customer, *also])


def check_in_doubt(mail: ClaimedMail) -> None:
    """Raise NotInDoubt."""
    if mail.state != State.PERHAPS:
        raise NotInDoubt


def check_may_be_sent_again(mail: ClaimedMail) -> None:
    """Raise NotInDoubt."""
    if mail.state not in (State.PERHAPS, State.FAILED):
        raise NotInDoubt


def _in_doubt(mail: Mail, *states: ClaimedMail.State) -> Mail:
    found: Mail = mail._meta.base_manager.select_for_update(of=("self",)).get(pk=mail.pk)
    if found.state not in states:
        raise NotInDoubt
    return found
