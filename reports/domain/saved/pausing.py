"""Schedules that pause themselves: why, and how their owner hears of it, once."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from reports.domain.question.faults import BadQuestion
from reports.domain.saved.access import may_explore, may_see, name_of
from reports.domain.saved.saved_report import question_of
from reports.models import ReportMailing, ReportSchedule

SCHEDULE_PAUSED = Verb("report_schedule_paused", "Report schedule paused")


def why_it_may_not_run(schedule: ReportSchedule) -> str:
    """Return why the schedule is paused instead of run; empty if it may run."""
    owner = schedule.owner
    if not owner.is_active:
        return f"{name_of(owner)}, who set it up, can no longer log in."
    if not may_explore(owner):
        return f"{name_of(owner)}, who set it up, may not see the explorer."
    if not may_see(schedule.report, owner):
        return f"The report is no longer shared with {name_of(owner)}, who set it up."
    try:
        question_of(schedule.report)
    except BadQuestion as refusal:
        return str(refusal)
    return ""


def pause_by_itself(schedule: ReportSchedule, reason: str, *, at: datetime) -> None:
    """Pause an active schedule, which is locked, and tell its owner if they can still be told."""
    schedule.is_active, schedule.next_run_at, schedule.paused_reason = False, None, reason
    schedule.save(update_fields=["is_active", "next_run_at", "paused_reason"])
    record(SCHEDULE_PAUSED, on=schedule, by=None, after={"because": reason}, also=[schedule.report])
    if schedule.owner.is_active and schedule.owner.email:
        new_mailing(schedule, due_at=at, at=at, is_notice=True).save(force_insert=True)


def new_mailing(schedule: ReportSchedule, *, due_at: datetime, at: datetime, **values: object) -> ReportMailing:
    """Return an email of the schedule to send, not stored yet."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return ReportMailing(
        schedule=schedule,
        due_at=due_at,
        requested_at=at,
        next_attempt_at=at,
        message_id=f"<{uuid4()}@{domain}>",
        **values,
    )
