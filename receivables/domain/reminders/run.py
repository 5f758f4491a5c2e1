"""A run: the reminders of one company on one day, each claimed once; it can be stopped, and goes on after a stop."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.deeds.record import deed_of, record, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.progress import counted_by_state
from invoices.domain.mail.server import check_server
from leads.models import Company, Customer
from receivables.domain.reminders.owed import CUSTOMERS_AT_ONCE, Owed, owed_by
from receivables.models import Reminder, ReminderRun, ReminderSchedule

RUN_STARTED = Verb("reminder_run_started", "Reminders started")
RUN_STOPPED = Verb("reminder_run_stopped", "Reminders stopped")
RUN_RESUMED = Verb("reminder_run_resumed", "Reminders resumed")
ARRIVED = Verb("reminder_arrived", "Reminder counted as sent")
SENT_AGAIN = Verb("reminder_sent_again", "Reminder requested again")

State = Reminder.State


class RanToday(Refused):
    """Of a company, there is one run a day, however many people start it."""

    code = "reminders_ran_today"
    message = "Reminders of today were already started."


class NoLevels(Refused):
    """Without a schedule no one is reminded."""

    code = "reminders_no_levels"
    message = "This company has no schedule of reminders. Set one first."


class RunIsOver(Refused):
    """A run in which nothing waits can't be stopped."""

    code = "reminder_run_is_over"
    message = "Nothing of this run is waiting."


class RunIsNotStopped(Refused):
    """Only a run that was stopped goes on."""

    code = "reminder_run_is_not_stopped"
    message = "This run was not stopped."


class NotInDoubt(Refused):
    """A person decides only about a reminder that was perhaps sent, or that failed."""

    code = "reminder_not_in_doubt"
    message = "It is known whether this reminder was sent."


def preview(seller: Company | None, *, at: datetime) -> list[Owed]:
    """Return who would get what if the run started now."""
    return list(owed_by(seller, at=at))


@transaction.atomic
def start(seller: Company | None, *, by: User, at: datetime) -> ReminderRun:
    """Start the reminders of today, one row for each customer. Raises RanToday, NoLevels or NoMailServer."""
    check_server()
    if not ReminderSchedule.objects.filter(seller=seller, is_active=True).exists():
        raise NoLevels
    try:
        with transaction.atomic():
            run = ReminderRun.objects.create(seller=seller, day=at.date(), started_at=at, started_by=by)
    except IntegrityError:
        raise RanToday from None
    some, total = list[Reminder](), 0
    for owed in owed_by(seller, at=at):
        some.append(_reminder(run, owed.customer, owed.level, at=at))
        total += 1
        if len(some) == CUSTOMERS_AT_ONCE:
            Reminder.objects.bulk_create(some)
            some = []
    Reminder.objects.bulk_create(some)
    record(RUN_STARTED, on=run, by=by, after={"reminders": total}, also=[seller] if seller else [])
    return run


def _reminder(run: ReminderRun, customer: Customer, level: int, *, at: datetime) -> Reminder:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return Reminder(
        run=run,
        customer=customer,
        level=level,
        message_id=f"<{uuid4()}@{domain}>",
        requested_at=at,
        next_attempt_at=at,
    )


@transaction.atomic
def stop(run: ReminderRun, *, by: User, at: datetime) -> None:
    """Send no more of this run for now; an email that is being sent is finished. Raises RunIsOver."""
    check_may_stop(run)
    if ReminderRun.objects.filter(pk=run.pk, stopped_at=None).update(stopped_at=at):
        record(RUN_STOPPED, on=run, by=by)


@transaction.atomic
def resume(run: ReminderRun, *, by: User) -> None:
    """Send what is left of this run. Raises RunIsNotStopped."""
    if not ReminderRun.objects.filter(pk=run.pk).exclude(stopped_at=None).update(stopped_at=None):
        raise RunIsNotStopped
    record(RUN_RESUMED, on=run, by=by)


def check_may_stop(run: ReminderRun) -> None:
    """Raise RunIsOver."""
    if run.stopped_at or not Reminder.objects.waiting().filter(run=run).exists():
        raise RunIsOver


def progress(run: ReminderRun) -> dict[str, int]:
    """Return the number of reminders in each state."""
    return counted_by_state(Reminder.objects.filter(run=run))


@transaction.atomic
def count_as_sent(reminder: Reminder, *, by: User) -> None:
    """Decide that a reminder that was perhaps sent has arrived. Raises NotInDoubt."""
    found = _in_doubt(reminder, State.PERHAPS)
    found.state, found.decided_by = State.SENT, by
    found.save(update_fields=["state", "decided_by"])
    record(ARRIVED, on=found, by=by, after={"message ID": found.message_id}, also=[found.customer, found.run])


@transaction.atomic
def send_again(reminder: Reminder, *, by: User, at: datetime) -> None:
    """Send a reminder that was perhaps sent, or that failed, with the same Message-ID. Raises NotInDoubt."""
    found = _in_doubt(reminder, State.PERHAPS, State.FAILED)
    found.state, found.settled_at, found.next_attempt_at = State.WAITING, None, at
    found.attempts = found.interrupted = 0
    found.requested_at, found.decided_by, found.reason = at, by, ""
    names = [
        "state",
        "settled_at",
        "next_attempt_at",
        "attempts",
        "interrupted",
        "requested_at",
        "decided_by",
        "reason",
    ]
    found.save(update_fields=names)
    record_all([deed_of(SENT_AGAIN, on=found, by=by, also=[found.customer, found.run])])


def check_in_doubt(reminder: Reminder) -> None:
    """Raise NotInDoubt."""
    if reminder.state != State.PERHAPS:
        raise NotInDoubt


def check_may_be_sent_again(reminder: Reminder) -> None:
    """Raise NotInDoubt."""
    if reminder.state not in (State.PERHAPS, State.FAILED):
        raise NotInDoubt


def _in_doubt(reminder: Reminder, *states: Reminder.State) -> Reminder:
    found = Reminder.objects.select_for_update(of=("self",)).get(pk=reminder.pk)
    if found.state not in states:
        raise NotInDoubt
    return found
