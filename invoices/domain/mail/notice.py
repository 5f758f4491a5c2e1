"""The queue that emails to our own people are sent from: rights and choices are read at the moment of sending."""

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from django.conf import settings
from django.core.mail import DNS_NAME, EmailMessage

from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email
from invoices.models import Notice

PAUSE = timedelta(minutes=30)
MOST_ATTEMPTS = 20  # about ten hours
LEASE = timedelta(minutes=5)
TOLD = 50  # in one email
NO_SERVER = "There is no mail server."
NO_RIGHT = "The person may no longer see this."
NOT_CHOSEN = "The person no longer wants these emails."
NO_ADDRESS = "The person has no email address."

State = Notice.State
Kind = TypeVar("Kind", bound=Notice)


class NotSent(Refused):
    """A notice is not sent to people who may not see it or do not want it, nor without an address or a server."""

    code = "notice_not_sent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an attempt: the server's answer, or why nothing was handed over."""

    answer: DeliveryResult = field(default_factory=DeliveryResult)
    dropped: str = ""


class NoticeQueue(LeasedQueue[Kind, Outcome]):
    """Emails to our own people."""

    lease = LEASE
    most_attempts = MOST_ATTEMPTS
    about: ClassVar[str]  # one word for its Message-ID

    @abstractmethod
    def letter(self, mail: Kind) -> tuple[str, str]:
        """Return subject and body; raise NotSent if the person may no longer see it, or no longer wants it."""

    def act(self, mail: Kind, *, at: datetime) -> Outcome:
        """Send it. Rights and choices are read now, not when it was requested."""
        try:
            message = self._message(mail)
        except NotSent as refusal:
            return Outcome(dropped=str(refusal))
        return Outcome(hand_over(message, to=[mail.person.email]))

    def settle(self, mail: Kind, outcome: Outcome, *, at: datetime) -> None:
        answer = outcome.answer
        if outcome.dropped:
            _settle(mail, State.DROPPED, outcome.dropped, at=at)
        elif answer.accepted:
            _settle(mail, State.SENT, "", at=at)
        elif answer.rejected:
            _settle(mail, State.FAILED, "; ".join(answer.rejected.values()), at=at)
        else:
            self.fail(mail, Failure("not_taken", answer.reason), at=at)

    def fail(self, mail: Kind, failure: Failure, *, at: datetime) -> None:
        if mail.attempts >= MOST_ATTEMPTS:
            _settle(mail, State.FAILED, failure.words, at=at)
        else:
            mail.reason, mail.next_attempt_at = failure.words[:500], at + PAUSE

    def _message(self, mail: Kind) -> EmailMessage:
        person = mail.person
        if not (person.is_active and person.is_staff):
            raise NotSent(NO_RIGHT)
        subject, body = self.letter(mail)
        if not person.email:
            raise NotSent(NO_ADDRESS)
        if not sends_email():
            raise NotSent(NO_SERVER)
        # Copies share their Message-ID: a worker may end after the server took one.
        headers = {"Message-ID": f"<{self.about}-{mail.pk}-{mail.requested_at:%Y%m%d%H%M%S}@{DNS_NAME}>"}
        return EmailMessage(
            " ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [person.email], headers=headers
        )


def _settle(mail: Notice, state: Notice.State, reason: str, *, at: datetime) -> None:
    mail.state, mail.reason, mail.settled_at, mail.next_attempt_at = state, reason[:500], at, None
