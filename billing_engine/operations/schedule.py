"""The default schedule of what users may reschedule; beat's housekeeping is in the settings."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.saving import save_changes
from invoices.models import BillingSchedule
from leads.models import Customer

SCHEDULE_SAVED = Verb("task_schedule_saved", "Schedule saved")

# By name: the task and its description. Users may change the time or disable it; later starts keep that.
EDITABLE = {
    "start the billing runs that are due": (
        "invoices.start_due_runs",
        "Finance, Billing schedules sets which cycles start automatically, and after how many grace days.",
    )
}


@transaction.atomic
def ensure_schedule() -> None:
    """Create missing billing schedules for each kind of cycle, and the schedule users may change: five past every hour."""
    for kind in Customer.Cycle.values:
        BillingSchedule.objects.get_or_create(cycle=kind)
    for name, (task, description) in EDITABLE.items():
        if not PeriodicTask.objects.filter(name=name).exists():
            hourly, _ = CrontabSchedule.objects.get_or_create(
                minute="5", hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
            )
            PeriodicTask.objects.create(name=name, task=task, crontab=hourly, description=description)


@transaction.atomic
def save_entry(entry: PeriodicTask | CrontabSchedule | IntervalSchedule, *, by: User) -> None:
    """Save a task's entry in the schedule, or a time at which tasks are sent."""
    stored = type(entry).objects.filter(pk=entry.pk).first() if entry.pk else None
    save_changes(entry)
    record_saved(SCHEDULE_SAVED, on=entry, stored=stored, by=by)


def next_time(crontab: CrontabSchedule, *, at: datetime) -> datetime | None:
    """When it occurs next after `at`; None if never. Uses Celery's own schedule, as beat does."""
    try:
        found: datetime = crontab.due_start_time(at, crontab.timezone)
    except ValueError:  # no such day in these months, or unreadable
        return None
    return found


def next_run(task: PeriodicTask, *, at: datetime) -> datetime | None:
    """When beat sends the task next; None if never."""
    begin = max(at, task.start_time or at)
    if task.crontab:
        return next_time(task.crontab, at=begin)
    if task.interval is None:
        return None
    every: timedelta = task.interval.schedule.run_every
    return max(begin, (task.last_run_at or at) + every)
