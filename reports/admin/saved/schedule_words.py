"""Schedules in words: when they are due, and their state."""

from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import NOTHING, chip, instant
from billing_engine.core.calendar.instants import instant_in_words
from reports.models import ReportSchedule
from reports.models.saved import LAST_DAY

Cadence = ReportSchedule.Cadence
NOON = 12


def when_in_words(schedule: ReportSchedule) -> str:
    """`Every Monday at 8 AM (America/New_York)`."""
    return f"{_days(schedule)} at {hour_in_words(schedule.hour)} ({schedule.time_zone})"


def hour_in_words(hour: int) -> str:
    """`8 AM`, `12 PM` for noon."""
    return f"{(hour - 1) % 12 + 1} {'AM' if hour < NOON else 'PM'}"


def _days(schedule: ReportSchedule) -> str:
    if schedule.cadence == Cadence.WEEKLY:
        return f"Every {schedule.get_weekday_display()}"
    day = "the last day" if schedule.month_day == LAST_DAY else f"day {schedule.month_day}"
    if schedule.cadence == Cadence.MONTHLY:
        return f"Every month on {day}"
    if schedule.cadence == Cadence.QUARTERLY:
        return f"Every quarter on {day} of its first month"
    return "Every day"


def state_of(schedule: ReportSchedule) -> SafeString:
    """Return the state as a chip."""
    return chip("Active", "green") if schedule.is_active else chip("Paused", "orange")


def next_in_words(schedule: ReportSchedule, *, is_plain: bool = False) -> SafeString | str:
    """When the next email is due, in the schedule's zone."""
    if schedule.next_run_at is None:
        return NOTHING
    zone = ZoneInfo(schedule.time_zone)
    return instant_in_words(schedule.next_run_at, zone) if is_plain else instant(schedule.next_run_at, zone)
