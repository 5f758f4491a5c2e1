"""Schedule a saved report, change, pause, resume and delete the schedule, and run it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count

from billing_engine.core.deeds.record import differing, record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from billing_engine.core.saving import save_changes
from billing_engine.core.tasks import after_commit
from billing_engine.core.validation import row_faults
from leads.models import Customer
from reports.domain.saved.access import check_may_tidy, check_owner, may_see, name_of, why_not_a_reader
from reports.domain.saved.due import next_run
from reports.domain.saved.pausing import SCHEDULE_PAUSED, new_mailing, why_it_may_not_run
from reports.domain.saved.saved_report import lock_emails
from reports.models import ReportMailing, ReportSchedule, SavedReport

SCHEDULE_SAVED = Verb("report_schedule_saved", "Report schedule saved")
SCHEDULE_RESUMED = Verb("report_schedule_resumed", "Report schedule resumed")
SCHEDULE_DELETED = Verb("report_schedule_deleted", "Report schedule deleted")
RUN_NOW = Verb("report_run_requested", "Report run requested")

MOST_RECIPIENTS = 50
PLANNED = ("cadence", "hour", "time_zone", "file_format", "weekday", "month_day")


class ReportNotVisible(Refused):
    """A report is scheduled by people who can open it."""

    code = "report_not_visible"
    http_status = 403
    message = "This report is not shared with you."


class ScheduleMayNotRun(Refused):
    """A schedule is not resumed while the reason for its pause is still there."""

    code = "schedule_may_not_run"


class ScheduleState(Refused):
    """Only an active schedule is paused, and only a paused one resumed."""

    code = "schedule_state"


class EmailOnItsWay(Refused):
    """A button pressed twice sends one email."""

    code = "report_email_on_its_way"
    message = "An email of this schedule is already on its way."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When a report is mailed, to whom, and as which file."""

    cadence: str
    hour: int
    time_zone: str
    file_format: str
    recipients: Sequence[User]
    weekday: int | None = None
    month_day: int | None = None


@transaction.atomic
def schedule(report: SavedReport, plan: Plan, *, site: str, by: User, at: datetime) -> ReportSchedule:
    """Schedule a report that this person can open; raise ReportNotVisible, BadQuestion or HasFaults."""
    if not may_see(report, by):
        raise ReportNotVisible
    return _save(ReportSchedule(report=report, owner=by, site=site), plan, by=by, at=at)


@transaction.atomic
def change(schedule: ReportSchedule, plan: Plan, *, by: User, at: datetime) -> ReportSchedule:
    """Change when, to whom and how a report is mailed; what is on its way is sent. Raises NotYours or HasFaults."""
    found = _locked(schedule)
    check_may_be_changed(found, by)
    return _save(found, plan, by=by, at=at)


@transaction.atomic
def pause(schedule: ReportSchedule, *, by: User) -> ReportSchedule:
    """Send nothing until the schedule is resumed; raise NotYours or ScheduleState."""
    found = _locked(schedule)
    check_may_be_paused(found, by)
    found.is_active, found.next_run_at, found.paused_reason = False, None, f"Paused by {name_of(by)}."
    found.save(update_fields=["is_active", "next_run_at", "paused_reason"])
    record(SCHEDULE_PAUSED, on=found, by=by, also=[found.report])
    return found


@transaction.atomic
def resume(schedule: ReportSchedule, *, by: User, at: datetime) -> ReportSchedule:
    """Send again from the next due time on; raise NotYours, ScheduleState or ScheduleMayNotRun."""
    found = _locked(schedule)
    check_may_be_resumed(found, by)
    before = found.paused_reason
    found.is_active, found.next_run_at, found.paused_reason = True, next_run(found, after=at), ""
    found.save(update_fields=["is_active", "next_run_at", "paused_reason"])
    record(SCHEDULE_RESUMED, on=found, by=by, before={"paused because": before}, also=[found.report])
    return found


@transaction.atomic
def run_now(schedule: ReportSchedule, *, by: User, at: datetime) -> ReportMailing:
    """Mail the report as of now, besides its due times; raise NotYours, ScheduleMayNotRun or EmailOnItsWay."""
    found = _locked(schedule)
    check_may_run_now(found, by)
    mailing = new_mailing(found, due_at=at, at=at, requested_by=by)
    mailing.save(force_insert=True)
    record(RUN_NOW, on=found, by=by, also=[found.report])
    after_commit("reports.mail", item_id=mailing.pk, attempt=mailing.attempts)
    return mailing


@transaction.atomic
def delete(schedule: ReportSchedule, *, by: User) -> None:
    """Delete a schedule with its emails; the deed log still says what was sent. Raises NotYours."""
    lock_emails(ReportSchedule.objects.filter(pk=schedule.pk))
    found = ReportSchedule.objects.select_related("report", "owner").filter(pk=schedule.pk).first()
    if found is None:  # the button was pressed twice
        return
    check_may_be_deleted(found, by)
    record(SCHEDULE_DELETED, on=found, by=by, before=_told(found), also=[found.report])
    found.delete()


def usual_time_zone() -> str:
    """Return the time zone of the latest schedule, or of most customers; empty if there is none."""
    latest = ReportSchedule.objects.order_by("-pk").values_list("time_zone", flat=True).first()
    zones = Customer.objects.order_by().values("time_zone").annotate(count=Count("pk")).order_by("-count", "time_zone")
    return latest or str(next((each["time_zone"] for each in zones[:1]), ""))


def check_may_be_changed(schedule: ReportSchedule, by: User) -> None:
    """Raise NotYours."""
    check_owner(schedule.owner, by)


def check_may_be_deleted(schedule: ReportSchedule, by: User) -> None:
    """Raise NotYours, unless it sends the person's own report, or an administrator tidies up."""
    if schedule.report.owner_id != by.pk:
        check_may_tidy(schedule.owner, by)


def check_may_be_paused(schedule: ReportSchedule, by: User) -> None:
    """Raise NotYours or ScheduleState."""
    check_may_tidy(schedule.owner, by)
    if not schedule.is_active:
        raise ScheduleState("This schedule is already paused.")


def check_may_be_resumed(schedule: ReportSchedule, by: User) -> None:
    """Raise NotYours, ScheduleState or ScheduleMayNotRun."""
    check_owner(schedule.owner, by)
    if schedule.is_active:
        raise ScheduleState("This schedule is active.")
    _check_may_run(schedule)


def check_may_run_now(schedule: ReportSchedule, by: User) -> None:
    """Raise NotYours, ScheduleMayNotRun or EmailOnItsWay."""
    check_owner(schedule.owner, by)
    _check_may_run(schedule)
    if schedule.mailings.waiting().filter(is_notice=False).exists():
        raise EmailOnItsWay


def _check_may_run(schedule: ReportSchedule) -> None:
    if reason := why_it_may_not_run(schedule):
        raise ScheduleMayNotRun(reason)


def _locked(schedule: ReportSchedule) -> ReportSchedule:
    return ReportSchedule.objects.select_for_update(of=("self",)).select_related("report", "owner").get(pk=schedule.pk)


def _save(schedule: ReportSchedule, plan: Plan, *, by: User, at: datetime) -> ReportSchedule:
    stored = ReportSchedule.objects.get(pk=schedule.pk) if schedule.pk else None
    before = _told(stored) if stored else {}
    schedule.cadence, schedule.weekday, schedule.month_day = plan.cadence, plan.weekday, plan.month_day
    schedule.hour, schedule.time_zone, schedule.file_format = plan.hour, plan.time_zone, plan.file_format
    if faults := [*_faults(plan), *row_faults(schedule, exclude=["next_run_at", "is_active", "paused_reason"])]:
        raise HasFaults(faults)
    if schedule.is_active:
        _check_may_run(schedule)
        schedule.next_run_at = next_run(schedule, after=at)
    save_changes(schedule, since=stored)
    schedule.recipients.set(plan.recipients)
    after = _told(schedule)
    if after != before:
        changed = {name: value for name, value in after.items() if value != before.get(name)}
        was = {name: before.get(name) for name in changed} if before else {}
        record(SCHEDULE_SAVED, on=schedule, by=by, before=was, after=changed, also=[schedule.report])
    return schedule


def _told(schedule: ReportSchedule) -> dict[str, object]:
    _, values = differing(None, schedule)
    told = {name: value for name, value in values.items() if name in PLANNED}
    return told | {"recipients": sorted(name_of(each) for each in schedule.recipients.all())}


def _faults(plan: Plan) -> list[FieldFault]:
    found = []
    if plan.time_zone not in available_timezones():
        found.append(FieldFault("time_zone", "unknown_time_zone", "Choose a time zone."))
    if not plan.recipients:
        found.append(FieldFault("recipients", "no_recipient", "Choose at least one person."))
    if len(plan.recipients) > MOST_RECIPIENTS:
        found.append(FieldFault("recipients", "too_many_recipients", f"Choose at most {MOST_RECIPIENTS} people."))
    reasons = ((person, why_not_a_reader(person)) for person in plan.recipients)
    words = (f"{name_of(person)} {reason}." for person, reason in reasons if reason)
    return [*found, *(FieldFault("recipients", "not_a_reader", each) for each in words)]
