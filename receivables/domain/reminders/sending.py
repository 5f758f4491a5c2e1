"""Send reminders: what a customer owes is read again under the claim, just before the email leaves.

A claim that never ended is not repeated by itself: no one knows whether the email arrived, so it shows as perhaps sent,
with its Message-ID, and a person decides.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.mail.outcome import end, may_retry, note_replies
from invoices.domain.mail.server import DeliveryResult, check_server, hand_over, sends_email, server_name
from receivables.domain.reminders.letter import letter_of
from receivables.domain.reminders.owed import Owed, owed_by
from receivables.models import Reminder, ReminderItem, ReminderSchedule

State = Reminder.State

REMINDER_SENT = Verb("reminder_sent", "Reminder sent")
REMINDER_NOT_SENT = Verb("reminder_not_sent", "Reminder not sent")

LEASE = timedelta(minutes=5)  # longer than the task's own limit, so that its worker has ended by then
AFTER_A_STOP = timedelta(minutes=15)
NOTHING_OWED = "Nothing to remind of: it was paid, credited, disputed or paused."
NO_CONTACT = "The customer has no billing contacts."
IN_DOUBT = "The worker or the connection ended when the server may already have had the email."


class Reminders(LeasedQueue[Reminder, DeliveryResult | None]):
    """The queue of reminders to send."""

    task = "receivables.remind"
    lease = LEASE
    most_attempts = None  # limited by time, as every email

    def waiting(self) -> QuerySet[Reminder]:
        return Reminder.objects.waiting().filter(run__stopped_at=None).select_related("customer", "run__seller")

    def may_begin(self, reminder: Reminder, *, at: datetime) -> bool:
        """Claim it with what the customer owes now."""
        if reminder.is_being_sent:
            _in_doubt(reminder, at=at)
            return False
        owed = next(owed_by(reminder.run.seller, at=at, customers=[reminder.customer_id]), None)
        if owed is None and not reminder.accepted:
            _settle(reminder, at, none=State.DROPPED, reason=NOTHING_OWED)
            return False
        if owed is not None:
            _fill(reminder, owed, at=at)
        if not reminder.pending_addresses:
            _settle(reminder, at, reason=NO_CONTACT)
            return False
        reminder.is_being_sent, reminder.via, reminder.claimed_at = True, server_name(), at
        return True

    def act(self, reminder: Reminder, *, at: datetime) -> DeliveryResult | None:
        """Hand it to the server; None if there is no mail server and it is only recorded."""
        check_server()
        message = _message(reminder)
        if sends_email():
            return hand_over(message, to=reminder.pending_addresses)
        message.send()
        return None

    def settle(self, reminder: Reminder, handed: DeliveryResult | None, *, at: datetime) -> None:
        reminder.is_being_sent = False
        if handed is None:
            _settle(reminder, at, none=State.WRITTEN, reason=f"Recorded by {server_name()}. It was not delivered.")
            return
        reason = note_replies(reminder, handed)
        if handed.in_doubt:
            _in_doubt(reminder, at=at)
        elif not reminder.pending_addresses:
            _settle(reminder, at, reason=reason)
        elif not may_retry(reminder, reminder.requested_at, at=at, reason=reason):
            _settle(reminder, at, reason=f"Given up after {reminder.attempts} attempts: {reason}")

    def fail(self, reminder: Reminder, failure: Failure, *, at: datetime) -> None:
        """After an error of the program, the server may or may not have the email."""
        self.settle(reminder, DeliveryResult(reason=failure.words, in_doubt=True), at=at)


REMINDERS = Reminders()


def _fill(reminder: Reminder, owed: Owed, *, at: datetime) -> None:
    """Write what the customer is told, and keep each invoice with its level."""
    schedule = ReminderSchedule.objects.prefetch_related("texts").get(seller=reminder.run.seller, level=reminder.level)
    reminder.subject, reminder.body = letter_of(owed, schedule, at=at)
    terms = owed.customer.terms.on(owed.customer.day_of(at))
    kept = [each for each in reminder.addresses if each in reminder.accepted or each in reminder.rejected]
    reminder.addresses = list(dict.fromkeys([*kept, *terms.billing_contacts]))
    ReminderItem.objects.filter(reminder=reminder).delete()
    ReminderItem.objects.bulk_create(
        ReminderItem(reminder=reminder, document=item.document, level=item.level, amount=item.to_pay)
        for item in owed.items
    )


def _in_doubt(reminder: Reminder, *, at: datetime) -> None:
    reminder.is_being_sent, reminder.may_have_arrived = False, True
    _settle(reminder, at, none=State.PERHAPS, reason=IN_DOUBT)


def _settle(reminder: Reminder, at: datetime, *, reason: str, none: Reminder.State = State.FAILED) -> None:
    is_complete = end(reminder, at, reason=reason, none=none)
    after = {"state": reminder.state, "to": reminder.accepted, "because": reminder.reason}
    verb = REMINDER_SENT if is_complete else REMINDER_NOT_SENT
    record(
        verb, on=reminder, by=None, after={name: each for name, each in after.items() if each}, also=[reminder.customer]
    )


def _message(reminder: Reminder) -> EmailMessage:
    return EmailMessage(
        reminder.subject,
        reminder.body,
        settings.DEFAULT_FROM_EMAIL,
        reminder.pending_addresses,
        headers={"Message-ID": reminder.message_id},
    )
