"""Send emails that say what is true when they leave: written under the claim, with a PDF that is stored first.

A claim that never ended is not repeated by itself once the server may have the email: no one knows whether it arrived,
so it shows as perhaps sent, with its Message-ID, and a person decides.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.letters.brand import Brand
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from billing_engine.core.saving import save_changes, values_of
from invoices.domain.mail.outcome import MAX_INTERRUPTED, end, may_retry, note_replies
from invoices.domain.mail.server import DeliveryResult, check_server, server_name
from leads.models import EmailTopic
from receivables.domain.papers.handing import handed
from receivables.domain.papers.store import keep
from receivables.domain.papers.typeset import typeset
from receivables.models import Paper
from receivables.models.paper import ClaimedMail

Mail = TypeVar("Mail", bound=ClaimedMail)
State = ClaimedMail.State

LEASE = timedelta(minutes=5)  # longer than the task's own limit, so that its worker has ended by then
SECONDS = 60  # for its PDF
NO_CONTACT = "The customer has no billing contacts."
CHANGED = "What it says changed while it was written."
IN_DOUBT = "The worker or the connection ended when the server may already have had the email."


@dataclass(frozen=True, slots=True)
class Written:
    """What an email says now, to whom, and its PDF, if any: the content and the file's name without `.pdf`."""

    subject: str
    body: str
    to: Sequence[str]
    source: Mapping[str, Any] | None = None
    name: str = ""
    about: Any = None  # for `kept`

    def __post_init__(self) -> None:
        """Keep the content as it is stored, so that it can be compared with an earlier one."""
        if self.source is not None:
            object.__setattr__(self, "source", json.loads(json.dumps(self.source)))


@dataclass(frozen=True, slots=True)
class NotSent:
    """How an email ends that does not leave, and why."""

    state: ClaimedMail.State
    reason: str


class ClaimedMails(LeasedQueue[Mail, DeliveryResult | NotSent]):
    """The queue of one kind of such emails."""

    lease = LEASE
    most_attempts = None  # limited by time, as every email
    kind: ClassVar[Paper.Kind]  # of its PDF, if it has one
    sent: ClassVar[Verb]
    not_sent: ClassVar[Verb]
    nothing: ClassVar[str]  # why an email is dropped

    @abstractmethod
    def written(self, mail: Mail, *, at: datetime) -> Written | NotSent | None:
        """Return what it says now, or why it is not sent; None if there is nothing left to say."""

    @abstractmethod
    def brand(self, mail: Mail) -> Brand:
        """Return which company of ours writes."""

    def topic(self, mail: Mail) -> EmailTopic | None:
        """Return what people switch it off as; None if it is about money owed."""
        return None

    def kept(self, mail: Mail, written: Written) -> None:
        """What else is stored once it is about to leave, in the same transaction."""

    def is_still_true(self, mail: Mail, written: Written, *, at: datetime) -> bool:
        """Return whether it is still to be sent, in the transaction after which it leaves."""
        return True

    def may_begin(self, mail: Mail, *, at: datetime) -> bool:
        if mail.is_being_sent:
            self._in_doubt(mail, at=at)
            return False
        if mail.interrupted >= MAX_INTERRUPTED:
            self._end(mail, at, reason=f"{mail.interrupted} workers ended while writing it.")
            return False
        mail.claimed_at = at
        mail.interrupted += 1  # until this attempt has an outcome
        return True

    def act(self, mail: Mail, *, at: datetime) -> DeliveryResult | NotSent:
        """Write it, store its PDF, and hand it to the server."""
        check_server()
        written = self.written(mail, at=at)
        if written is None:
            if not mail.accepted:
                return NotSent(State.DROPPED, self.nothing)
            written = self._as_before(mail)
        if isinstance(written, NotSent):
            return written
        if not written.to:
            return NotSent(State.FAILED, NO_CONTACT)
        pdf, brand = self._pdf(mail, written), self.brand(mail)  # read before it is in doubt
        mine = self._leaving(mail, written, pdf, at=at)
        if mine is None:  # or another worker has it: then this is not noted
            return DeliveryResult(reason=CHANGED)
        if not mine.pending_addresses:  # the others were refused before
            return DeliveryResult()
        file = (f"{written.name}.pdf", pdf) if pdf else None
        replies = handed(mine, brand=brand, topic=self.topic(mine), file=file)
        if replies is None:
            return NotSent(State.WRITTEN, f"Recorded by {server_name()}. It was not delivered.")
        return replies

    def settle(self, mail: Mail, result: DeliveryResult | NotSent, *, at: datetime) -> None:
        mail.is_being_sent, mail.interrupted = False, mail.interrupted - 1
        if isinstance(result, NotSent):
            self._end(mail, at, none=result.state, reason=result.reason)
            return
        reason = note_replies(mail, result)
        if result.in_doubt:
            self._in_doubt(mail, at=at)
        elif mail.addresses and not mail.pending_addresses:
            self._end(mail, at, reason=reason)
        elif not may_retry(mail, mail.requested_at, at=at, reason=reason):
            self._end(mail, at, reason=f"Given up after {mail.attempts} attempts: {reason}")

    def fail(self, mail: Mail, failure: Failure, *, at: datetime) -> None:
        """After an error of the program, the server may have the email only if it was about to leave."""
        self.settle(mail, DeliveryResult(reason=failure.words, in_doubt=mail.is_being_sent), at=at)

    def _pdf(self, mail: Mail, written: Written) -> bytes:
        """Return its PDF: the one that is stored, if that still says the same; empty if it has none."""
        if written.source is None:
            return b""
        old = _same_paper(mail, written)
        return bytes(old.content or b"") if old else typeset(self.kind, written.source, seconds=SECONDS)

    @transaction.atomic
    def _leaving(self, mail: Mail, written: Written, pdf: bytes, *, at: datetime) -> Mail | None:
        """Store what is about to leave; return the email as it is stored, None if it must not leave now."""
        found = self.ours(mail).select_for_update(of=("self",)).first()
        if found is None or not self.is_still_true(found, written, at=at):
            return None
        before = values_of(found)
        kept = [each for each in found.addresses if each in found.accepted or each in found.rejected]
        found.addresses = list(dict.fromkeys([*kept, *written.to]))
        found.subject, found.body = written.subject, written.body
        found.paper = _same_paper(mail, written)
        if found.paper is None and written.source is not None:
            found.paper = keep(self.kind, found.customer, pdf, name=written.name, source=written.source, at=at)
        found.is_being_sent, found.via = bool(found.pending_addresses), server_name()
        self.kept(found, written)
        save_changes(found, since=before)
        return found

    def _as_before(self, mail: Mail) -> Written:
        """What some of its addresses have; the others get the same."""
        paper = mail.paper
        if paper is None:
            return Written(mail.subject, mail.body, mail.addresses)
        return Written(mail.subject, mail.body, mail.addresses, paper.source, paper.file_name.removesuffix(".pdf"))

    def _in_doubt(self, mail: Mail, *, at: datetime) -> None:
        mail.is_being_sent, mail.may_have_arrived = False, True
        self._end(mail, at, none=State.PERHAPS, reason=IN_DOUBT)

    def _end(self, mail: Mail, at: datetime, *, reason: str, none: ClaimedMail.State = State.FAILED) -> None:
        is_complete = end(mail, at, reason=reason, none=none)
        after = {"state": mail.state, "to": mail.accepted, "because": mail.reason}
        record(
            self.sent if is_complete else self.not_sent,
            on=mail,
            by=None,
            after={name: each for name, each in after.items() if each},
            also=self.touches(mail),
        )

    def touches(self, mail: Mail) -> Sequence[Model]:
        """Return the rows that its deeds also touch."""
        return [mail.customer]


def _same_paper(mail: ClaimedMail, written: Written) -> Paper | None:
    """The PDF of an earlier attempt, if it says what the email says now."""
    return mail.paper if mail.paper is not None and mail.paper.source == written.source else None
