"""Schedules of a report, and their emails sent as a worker does."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from reports.domain.saved.saved_report import read, save_new
from reports.domain.saved.schedules import Plan, schedule
from reports.models import ReportMailing, ReportSchedule
from reports.tasks import MAILINGS

SITE = "https://engine.example"
QUESTION = "show=amount,actions,average&group=customer&days=2026-08-01..2026-11-30"
NOV_20 = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST_DUE = datetime(2026, 11, 20, 13, tzinfo=UTC)  # at 8 in New York
SECOND_DUE = datetime(2026, 11, 21, 13, tzinfo=UTC)


def a_plan(*recipients: User, **values: Any) -> Plan:
    """Every day at 8 in New York, as CSV."""
    plan: dict[str, Any] = {"cadence": "daily", "hour": 8, "time_zone": "America/New_York", "file_format": "csv"}
    return Plan(recipients=recipients, **{**plan, **values})


def scheduled(
    by: User, to: Sequence[User] = (), *, question: str = QUESTION, name: str = "Revenue", **values: Any
) -> ReportSchedule:
    """A schedule of a new report of this person."""
    report = save_new(read(question), name=name, by=by, at=NOV_20)
    return schedule(report, a_plan(*(to or [by]), **values), site=SITE, by=by, at=NOV_20)


def started(row: ReportSchedule, at: datetime) -> ReportMailing:
    """The email that is waiting once the schedule is due."""
    MAILINGS.tidy(at=at)
    return row.mailings.get()


def swept(at: datetime) -> list[ReportMailing]:
    """What a sweep and the workers do at this time; all emails, in the order they were due."""
    for message in _due(at):
        MAILINGS.work(message["item_id"], attempt=message["attempt"], at=at)
    return list(ReportMailing.objects.order_by("due_at", "pk"))


def _due(at: datetime) -> Sequence[Any]:
    MAILINGS.tidy(at=at)
    return MAILINGS.due(at=at)
