"""The schedule as it comes: what beat starts that people may move; its housekeeping stands in the settings."""

from datetime import datetime, timedelta

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from invoices.models import BillingSchedule
from leads.models import Customer

# By name: the task, and what is said of it. People may change when, and switch it off; nobody is overruled later.
EDITABLE = {
    "start the billing runs that are due": (
        "invoices.start_due_runs",
        "Which cycles start by themselves, and after how many grace days: Finance, Billing schedules.",
    )
}


@transaction.atomic
def ensure_schedule() -> None:
    """See to it that each kind of cycle has its schedule, and that what people may move is there: five past every hour."""
    for kind in Customer.Cycle.values:
        BillingSchedule.objects.get_or_create(cycle=kind)
    for name, (task, description) in EDITABLE.items():
        if not PeriodicTask.objects.filter(name=name).exists():
            hourly, _ = CrontabSchedule.objects.get_or_create(
                minute="5", hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
            )
            PeriodicTask.objects.create(name=name, task=task, crontab=hourly, description=description)


def next_time(crontab: CrontabSchedule, *, at: datetime) -> datetime | None:
    """When it comes next after `at`; None where it never does. Asked of Celery's own schedule, which beat goes by."""
    try:
        found: datetime = crontab.due_start_time(at, crontab.timezone)
    except ValueError:  # no such day in these months, or nothing that could be read
        return None
    return found


def next_run(task: PeriodicTask, *, at: datetime) -> datetime | None:
    """When beat sends the task next; None where it never does."""
    begin = max(at, task.start_time or at)
    if task.crontab:
        return next_time(task.crontab, at=begin)
    if task.interval is None:
        return None
    every: timedelta = task.interval.schedule.run_every
    return max(begin, (task.last_run_at or at) + every)
