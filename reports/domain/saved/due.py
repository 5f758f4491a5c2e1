"""When a schedule is due, and the start of what is due."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import instant_of
from billing_engine.core.queues.attempt import attempted
from billing_engine.core.queues.queue import AT_A_TIME
from reports.domain.saved.pausing import new_mailing, pause_by_itself, why_it_may_not_run
from reports.models import ReportSchedule

Cadence = ReportSchedule.Cadence
DAY = timedelta(days=1)
QUARTER_MONTHS = 3


def next_run(schedule: ReportSchedule, *, after: datetime) -> datetime:
    """Return the first time after this instant at which the schedule is due.

    Where clocks skip the hour, that is the instant of the skip; where they show it twice, the first of the two.
    """
    zone = ZoneInfo(schedule.time_zone)
    days = _days(schedule, after.astimezone(zone).date() - DAY)
    found = (instant_of(datetime.combine(day, time(schedule.hour)), zone) for day in days)
    return next(instant for instant in found if instant > after)


def _days(schedule: ReportSchedule, first: date) -> Iterator[date]:
    """Yield the schedule's days from `first` on."""
    day = first
    while True:
        if _is_due_on(schedule, day):
            yield day
        day += DAY


def _is_due_on(schedule: ReportSchedule, day: date) -> bool:
    if schedule.cadence == Cadence.DAILY:
        return True
    if schedule.cadence == Cadence.WEEKLY:
        return day.isoweekday() == schedule.weekday
    if schedule.cadence == Cadence.QUARTERLY and day.month % QUARTER_MONTHS != 1:
        return False
    return day.day == min(schedule.month_day or 1, Month.of_day(day).last.day)


def start_due(*, at: datetime) -> None:
    """Write an email to send for each schedule that is due, once for each due time, those missed during an outage too."""
    due = ReportSchedule.objects.filter(is_active=True, next_run_at__lte=at).order_by("next_run_at")
    for schedule_id in due.values_list("pk", flat=True)[:AT_A_TIME]:
        attempted(partial(_start, schedule_id, at), what=f"schedule {schedule_id}")


@transaction.atomic
def _start(schedule_id: int, at: datetime) -> None:
    due = ReportSchedule.objects.filter(is_active=True, next_run_at__lte=at, pk=schedule_id)
    schedule = due.select_for_update(of=("self",), skip_locked=True).select_related("report", "owner").first()
    if schedule is None or schedule.next_run_at is None:
        return
    if reason := why_it_may_not_run(schedule):
        pause_by_itself(schedule, reason, at=at)
        return
    new_mailing(schedule, due_at=schedule.next_run_at, at=at).save(force_insert=True)
    schedule.last_run_at = schedule.next_run_at
    schedule.next_run_at = next_run(schedule, after=schedule.next_run_at)
    schedule.save(update_fields=["last_run_at", "next_run_at"])
