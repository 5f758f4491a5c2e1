"""Send the emails of schedules: once each, to those who may see them, and retried for a day at most.

As with the emails of invoices, no lock is held while talking to the server, and all attempts share one Message-ID.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.queues.attempt import UNEXPECTED, Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.mail.outcome import MAX_INTERRUPTED, end, may_retry, note_interruption, note_replies
from invoices.domain.mail.server import DeliveryResult, check_server, hand_over, sends_email, server_name
from reports.domain.question.faults import BadQuestion
from reports.domain.saved.access import may_see, name_of, why_not_a_reader
from reports.domain.saved.due import start_due
from reports.domain.saved.letter import Compose, Letter, message_of
from reports.domain.saved.pausing import pause_by_itself
from reports.models import ReportMailing, ReportSchedule

State = ReportMailing.State

REPORT_SENT = Verb("report_sent", "Report sent")
REPORT_NOT_SENT = Verb("report_not_sent", "Report not sent")

LEASE = timedelta(minutes=7)  # longer than the task's own limit, so that its worker has ended by then


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter, and what the server said of it; None if there is no server."""

    letter: Letter
    result: DeliveryResult | None


class Mailings(LeasedQueue[ReportMailing, Sent]):
    """The queue of report emails; `compose` answers the report's question."""

    task = "reports.mail"
    lease = LEASE
    most_attempts = None  # limited by time and by interrupted attempts

    def __init__(self, compose: Compose) -> None:
        self.compose = compose

    def waiting(self) -> QuerySet[ReportMailing]:
        return ReportMailing.objects.waiting().select_related("schedule__report__owner", "schedule__owner")

    def tidy(self, *, at: datetime) -> None:
        start_due(at=at)

    def may_begin(self, mailing: ReportMailing, *, at: datetime) -> bool:
        note_interruption(mailing)
        if mailing.interrupted >= MAX_INTERRUPTED:
            _settle(mailing, at, reason=mailing.reason or f"{mailing.interrupted} workers ended while sending it.")
            return False
        if not (mailing.schedule.is_active or mailing.requested_by_id or mailing.is_notice):
            _settle(mailing, at, reason="The schedule was paused.")
            return False
        _choose_recipients(mailing)
        if not mailing.pending_addresses:
            _settle(mailing, at, reason="None of the recipients may see it.")
            return False
        mailing.is_being_sent, mailing.via = True, server_name()
        return True

    def act(self, mailing: ReportMailing, *, at: datetime) -> Sent:
        check_server()
        letter = self.compose(mailing)
        message = message_of(letter, mailing)
        if sends_email():
            return Sent(letter, hand_over(message, to=mailing.pending_addresses))
        message.send()
        return Sent(letter, None)

    def settle(self, mailing: ReportMailing, sent: Sent, *, at: datetime) -> None:
        mailing.is_being_sent = False
        letter = sent.letter
        mailing.subject = letter.subject
        if letter.file:
            mailing.rows, mailing.file_name, mailing.sha256 = letter.file.rows, letter.file.name, letter.file.sha256
        if sent.result is None:
            _settle(mailing, at, none=State.WRITTEN, reason=f"Recorded by {server_name()}. It was not delivered.")
        else:
            _note(mailing, sent.result, at=at)

    def fail(self, mailing: ReportMailing, failure: Failure, *, at: datetime) -> None:
        mailing.is_being_sent = False
        if failure.code == BadQuestion.code:
            _settle(mailing, at, reason=failure.words)
            schedule = ReportSchedule.objects.select_for_update(of=("self",)).get(pk=mailing.schedule_id)
            if schedule.is_active:
                pause_by_itself(schedule, failure.words, at=at)
            return
        mailing.interrupted += failure.code == UNEXPECTED
        _retry(mailing, at=at, reason=failure.words)


def _choose_recipients(mailing: ReportMailing) -> None:
    """Leave out who lost the right since, and write down why."""
    left_out, to = dict[str, str](), list[str]()
    for person in _people(mailing):
        if reason := _why_left_out(mailing, person):
            left_out[name_of(person)] = reason
        else:
            to.append(person.email)
    kept = [address for address in mailing.addresses if address in mailing.accepted or address in mailing.rejected]
    mailing.left_out, mailing.addresses = left_out, list(dict.fromkeys([*kept, *to]))


def _people(mailing: ReportMailing) -> Iterable[User]:
    if mailing.is_notice:
        return [mailing.schedule.owner]
    return mailing.schedule.recipients.order_by("pk")


def _why_left_out(mailing: ReportMailing, person: User) -> str:
    if mailing.is_notice:
        return "" if person.is_active and person.email else "can't be told"
    report = mailing.schedule.report
    if reason := why_not_a_reader(person):
        return reason
    # Its owner may mail a report to others without sharing it; someone else only what is shared.
    if mailing.schedule.owner_id != report.owner_id and not may_see(report, person):
        return "may not see the report"
    return ""


def _note(mailing: ReportMailing, result: DeliveryResult, *, at: datetime) -> None:
    """Record the server's reply for each address."""
    reason = note_replies(mailing, result)
    if mailing.pending_addresses:
        _retry(mailing, at=at, reason=reason)
    else:
        _settle(mailing, at, reason=reason)


def _retry(mailing: ReportMailing, *, at: datetime, reason: str) -> None:
    if not may_retry(mailing, mailing.requested_at, at=at, reason=reason):
        _settle(mailing, at, reason=f"Given up after {mailing.attempts} attempts: {reason}")


def _settle(mailing: ReportMailing, at: datetime, *, reason: str, none: ReportMailing.State = State.FAILED) -> None:
    """Settle the email: sent to all addresses, to some, or to none."""
    is_complete = end(mailing, at, reason=reason, none=none)
    told = {"accepted": mailing.accepted, "rejected": mailing.rejected}
    told |= {"left out": mailing.left_out, "because": mailing.reason}
    after = {"state": mailing.state} | {name: value for name, value in told.items() if value}
    verb = REPORT_SENT if is_complete else REPORT_NOT_SENT
    record(verb, on=mailing, by=None, after=after, also=[mailing.schedule, mailing.schedule.report])
