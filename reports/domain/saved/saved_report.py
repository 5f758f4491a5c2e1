"""Save a question under a name, save over it, rename, share and delete it."""

from datetime import datetime
from urllib.parse import parse_qs

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record, record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults, Refused
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from invoices.domain.wording import clean
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.domain.saved.access import check_may_tidy, check_owner, name_of
from reports.models import ReportMailing, ReportSchedule, SavedReport
from reports.models.saved import MOST_CHARACTERS

REPORT_SAVED = Verb("report_saved", "Report saved")
REPORT_SHARED = Verb("report_shared", "Report shared")
REPORT_UNSHARED = Verb("report_unshared", "Report no longer shared")
REPORT_DELETED = Verb("report_deleted", "Report deleted")


class ReportIsScheduled(Refused):
    """A report that others get by schedule is not deleted under them."""

    code = "report_is_scheduled"


def read(address: str) -> Question:
    """Return the question that an address asks; raise BadQuestion."""
    if len(address) > MOST_CHARACTERS:
        raise BadQuestion(
            "address", f"This question is longer than {MOST_CHARACTERS:,} characters. Choose fewer filters."
        )
    return Question.read(parse_qs(address, keep_blank_values=True))


def question_of(report: SavedReport) -> Question:
    """Return the question of a saved report; raise BadQuestion if it can no longer be asked."""
    try:
        return read(report.question)
    except BadQuestion as refusal:
        raise BadQuestion(refusal.part, f"This report can no longer be shown. {refusal}") from None


@transaction.atomic
def save_new(question: Question, *, name: str, is_shared: bool = False, by: User, at: datetime) -> SavedReport:
    """Save a question under a new name of this person; raise BadQuestion or HasFaults."""
    report = SavedReport(
        name=clean(name), question=_written(question), owner=by, is_shared=is_shared, created_at=at, changed_at=at
    )
    return _save(report, by=by)


@transaction.atomic
def save_over(report: SavedReport, question: Question, *, name: str, by: User, at: datetime) -> SavedReport:
    """Replace the question of a saved report, and perhaps its name; its schedules send the new one.

    Raises BadQuestion, HasFaults or NotYours.
    """
    stored, changed = _locked(report, by)
    changed.question, changed.name, changed.changed_at = _written(question), clean(name), at
    return _save(changed, by=by, stored=stored)


@transaction.atomic
def rename(report: SavedReport, name: str, *, by: User, at: datetime) -> SavedReport:
    """Give a saved report another name; raise HasFaults or NotYours."""
    stored, changed = _locked(report, by)
    changed.name, changed.changed_at = clean(name), at
    return _save(changed, by=by, stored=stored)


@transaction.atomic
def share(report: SavedReport, *, by: User, at: datetime) -> SavedReport:
    """Show a report to everyone who may use the explorer; raise NotYours."""
    return _share(report, REPORT_SHARED, by=by, at=at, is_shared=True)


@transaction.atomic
def stop_sharing(report: SavedReport, *, by: User, at: datetime) -> SavedReport:
    """Keep a report to oneself; schedules of others are paused when they are next due. Raises NotYours."""
    return _share(report, REPORT_UNSHARED, by=by, at=at, is_shared=False)


@transaction.atomic
def delete(report: SavedReport, *, by: User) -> None:
    """Delete a report with its schedules; raise NotYours or ReportIsScheduled."""
    lock_emails(report.schedules.all())
    stored = SavedReport.objects.select_for_update().filter(pk=report.pk).first()
    if stored is None:
        return
    check_may_be_deleted(stored, by)
    record(REPORT_DELETED, on=stored, by=by, before={"name": stored.name, "question": stored.question})
    stored.delete()


def check_may_be_deleted(report: SavedReport, by: User) -> None:
    """Raise NotYours, or ReportIsScheduled if someone else than its owner still gets it by schedule."""
    check_may_tidy(report.owner, by)
    others = report.schedules.filter(is_active=True).exclude(owner=report.owner_id).select_related("owner")
    if names := sorted({name_of(schedule.owner) for schedule in others}):
        raise ReportIsScheduled(f"Scheduled by {', '.join(names)}. Stop sharing it to pause their schedules first.")


def lock_emails(schedules: QuerySet[ReportSchedule]) -> None:
    """Lock the emails of schedules before the schedules, in the order in which a worker locks them."""
    list(ReportMailing.objects.filter(schedule__in=schedules).order_by("pk").select_for_update(of=("self",)))


def _written(question: Question) -> str:
    address = str(question)
    read(address)
    return address


def _locked(report: SavedReport, by: User) -> tuple[SavedReport, SavedReport]:
    """Return the report as it is, locked, and a copy to change."""
    stored = SavedReport.objects.select_for_update(of=("self",)).select_related("owner").get(pk=report.pk)
    check_owner(stored.owner, by)
    return stored, SavedReport.objects.get(pk=report.pk)


def _save(report: SavedReport, *, by: User, stored: SavedReport | None = None) -> SavedReport:
    if faults := row_faults(report):
        raise HasFaults(faults)
    save_changes(report, since=stored)
    record_saved(REPORT_SAVED, on=report, stored=stored, by=by)
    return report


def _share(report: SavedReport, verb: Verb, *, by: User, at: datetime, is_shared: bool) -> SavedReport:
    stored, _ = _locked(report, by)
    if stored.is_shared != is_shared:
        stored.is_shared, stored.changed_at = is_shared, at
        stored.save(update_fields=["is_shared", "changed_at"])
        record(verb, on=stored, by=by, before={"shared": not is_shared}, after={"shared": is_shared})
    return stored
