"""How an email's attempts are noted and end, whatever it carries: retried at growing intervals, for a day at most."""

from datetime import datetime, timedelta

from invoices.domain.mail.server import DeliveryResult
from invoices.models import Email

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60))  # then every hour
GIVEN_UP_AFTER = timedelta(hours=24)
MAX_INTERRUPTED = 5  # attempts whose worker ended; then a person has to look at it


def note_interruption(mail: Email) -> None:
    """Note that the worker of the attempt before has ended, if it did: this attempt could be claimed."""
    if mail.is_being_sent:
        mail.is_being_sent, mail.may_have_arrived = False, True
        mail.interrupted += 1


def note_replies(mail: Email, handed: DeliveryResult) -> str:
    """Note the server's reply for each address; return why the rest is not sent yet."""
    mail.accepted = [*mail.accepted, *handed.accepted]
    mail.rejected = {**mail.rejected, **handed.rejected}
    mail.may_have_arrived = mail.may_have_arrived or handed.in_doubt
    return handed.reason or "; ".join(dict.fromkeys(mail.rejected.values()))


def may_retry(mail: Email, requested_at: datetime, *, at: datetime, reason: str) -> bool:
    """Let the email wait for its next attempt, or return False if it has been tried long enough."""
    pause = PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    is_late = mail.attempts > len(PAUSES) and at + pause >= requested_at + GIVEN_UP_AFTER
    if is_late or mail.interrupted >= MAX_INTERRUPTED:
        return False
    mail.reason, mail.next_attempt_at = reason, at + pause
    return True


def end(mail: Email, at: datetime, *, reason: str, none: str) -> bool:
    """Settle the email: sent to all addresses, to some, or in the state `none`; return whether all have it."""
    is_complete = bool(mail.recipients) and len(mail.accepted) == len(mail.recipients)
    mail.state = Email.SENT if is_complete else Email.PARTLY if mail.accepted else none
    mail.reason, mail.settled_at, mail.next_attempt_at = "" if is_complete else reason, at, None
    return is_complete
