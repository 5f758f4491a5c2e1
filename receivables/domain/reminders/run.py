"""A run: the reminders of one company on one day, each claimed once; it can be stopped, and goes on after a stop."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.progress import counted_by_state
from invoices.domain.mail.request import new_message_id
from invoices.domain.mail.server import check_server
from leads.models import Company, Customer
from receivables.domain.reminders.owed import CUSTOMERS_AT_ONCE, Owed, owed_by
from receivables.models import Reminder, ReminderRun, ReminderSchedule

RUN_STARTED = Verb("reminder_run_started", "Reminders started")
RUN_STOPPED = Verb("reminder_run_stopped", "Reminders stopped")
RUN_RESUMED = Verb("reminder_run_resumed", "Reminders resumed")


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


def preview(seller: Company | None, *, at: datetime) -> Iterator[Owed]:
    """Yield who would get what if the run started now; a customer whose last reminder still waits gets no second one."""
    waiting = set(
        Reminder.objects.waiting().filter(run__seller=seller, run__stopped_at=None).values_list("customer", flat=True)
    )
    return (owed for owed in owed_by(seller, at=at) if owed.customer.pk not in waiting)


@transaction.atomic
def start(seller: Company | None, *, by: User | None, at: datetime) -> ReminderRun:
    """Start the reminders of today, one row for each customer; without a person, they start by themselves.

    Raises RanToday, NoLevels or NoMailServer.
    """
    check_server()
    if not ReminderSchedule.objects.filter(seller=seller, is_active=True).exists():
        raise NoLevels
    try:
        with transaction.atomic():
            run = ReminderRun.objects.create(seller=seller, day=at.date(), started_at=at, started_by=by)
    except IntegrityError:
        raise RanToday from None
    some, total = list[Reminder](), 0
    for owed in preview(seller, at=at):
        some.append(_reminder(run, owed.customer, owed.level, at=at))
        total += 1
        if len(some) == CUSTOMERS_AT_ONCE:
            Reminder.objects.bulk_create(some)
            some = []
    Reminder.objects.bulk_create(some)
    record(RUN_STARTED, on=run, by=by, after={"reminders": total}, also=[seller] if seller else [])
    return run


def _reminder(run: ReminderRun, customer: Customer, level: int, *, at: datetime) -> Reminder:
    return Reminder(
        run=run,
        customer=customer,
        level=level,
        message_id=new_message_id(),
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
