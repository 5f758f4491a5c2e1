"""The queue that emails with a PDF are sent from: failures are retried at growing intervals, then reported to a person.

SMTP has no "exactly once": a machine may die after the server accepts an email and before we record it. So all attempts
share one Message-ID, and the record says where a copy may have arrived. No lock is held while talking to the server.
"""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TypeVar

from django.core.mail import EmailMessage

from billing_engine.core.errors import Refused
from billing_engine.core.letters.letter import Letter, message_of
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.document.queue import DocumentIsBeingMade
from invoices.domain.mail.outcome import MAX_INTERRUPTED, end, may_retry, note_interruption, note_replies
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email, server_name
from invoices.models import PdfEmail, StoredPdf

Mail = TypeVar("Mail", bound=PdfEmail)

LEASE = timedelta(minutes=5)  # longer than the task's own limit, so that its worker has ended by then
FOR_ITS_PDF = timedelta(seconds=30)


class MailQueue(LeasedQueue[Mail, DeliveryResult | None]):
    """Emails to send; an interrupted attempt may have arrived, and attempts are limited by time, not count."""

    lease = LEASE
    most_attempts = None

    @abstractmethod
    def document(self, mail: Mail) -> StoredPdf:
        """Return the PDF to attach; raise DocumentIsBeingMade, or why there is none."""

    @abstractmethod
    def file_name(self, mail: Mail) -> str:
        """Return the name of the attached file."""

    @abstractmethod
    def letter(self, mail: Mail) -> Letter:
        """Return the email in our company's look, as text and as HTML."""

    @abstractmethod
    def ended(self, mail: Mail, *, is_complete: bool) -> None:
        """Record how it ended."""

    def why_not(self, mail: Mail) -> tuple[str, str]:
        """Return the final state of an email that must not be sent any more and the reason, or two empty strings."""
        return "", ""

    def accepted(self, mail: Mail, *, at: datetime) -> None:
        """What follows once an address has it."""

    def may_begin(self, mail: Mail, *, at: datetime) -> bool:
        note_interruption(mail)
        document = self._document(mail, at)
        if document is None:
            return False
        mail.is_being_sent, mail.via, mail.sha256 = True, server_name(), document.sha256
        return True

    def act(self, mail: Mail, *, at: datetime) -> DeliveryResult | None:
        """Hand the email to the server; return None if there is no mail server and it is only recorded."""
        message = self._message(mail)
        if sends_email():
            return hand_over(message, to=mail.pending_addresses)
        message.send()
        return None

    def settle(self, mail: Mail, handed: DeliveryResult | None, *, at: datetime) -> None:
        mail.is_being_sent = False
        if handed is None:
            self.end(mail, at, none=mail.WRITTEN, reason=f"Recorded by {server_name()}. It was not delivered.")
        else:
            self._hear(mail, handed, at=at)

    def fail(self, mail: Mail, failure: Failure, *, at: datetime) -> None:
        """After an unexpected error, the server may or may not have received the email."""
        self.settle(mail, DeliveryResult(reason=failure.words, in_doubt=True), at=at)

    def end(self, mail: Mail, at: datetime, *, reason: str, none: str = PdfEmail.FAILED) -> None:
        """Settle the email: sent to all addresses, to some, or to none."""
        self.ended(mail, is_complete=end(mail, at, reason=reason, none=none))

    def _document(self, mail: Mail, at: datetime) -> StoredPdf | None:
        """Return the PDF to attach; None if the email cannot be sent now, which is recorded on it."""
        state, why = self.why_not(mail)
        if why:
            self.end(mail, at, none=state, reason=why)
            return None
        if mail.interrupted >= MAX_INTERRUPTED:
            self.end(mail, at, reason=f"{mail.interrupted} workers ended while sending it.")
            return None
        try:
            return self.document(mail)
        except DocumentIsBeingMade:
            mail.reason, mail.next_attempt_at = "Waiting for its PDF.", at + FOR_ITS_PDF
        except Refused as refusal:
            self.end(mail, at, reason=str(refusal))
        return None

    def _hear(self, mail: Mail, handed: DeliveryResult, *, at: datetime) -> None:
        """Record the server's reply for each address."""
        reason = note_replies(mail, handed)
        if not mail.pending_addresses:
            self.end(mail, at, reason=reason)
        elif not may_retry(mail, mail.requested_at, at=at, reason=reason):
            self.end(mail, at, reason=f"Given up after {mail.attempts} attempts: {reason}")
        if mail.accepted:
            self.accepted(mail, at=at)

    def _message(self, mail: Mail) -> EmailMessage:
        content = bytes(self.document(mail).content or b"")
        headers = {"Message-ID": mail.message_id}
        return message_of(self.letter(mail), to=mail.to, headers=headers, file=(self.file_name(mail), content))
