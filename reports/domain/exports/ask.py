"""Ask for a large export, stop it, and download its file: each for the person who asked, and no one else."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.pdf import too_long
from reports.domain.exports.file import content_of, forget
from reports.domain.exports.registry import report_for
from reports.domain.exports.write import EXPORTS
from reports.models import Export

State = Export.State

EXPORT_ASKED = Verb("export_asked", "Export requested")
EXPORT_STOPPED = Verb("export_stopped", "Export stopped")
EXPORT_DOWNLOADED = Verb("export_downloaded", "Export downloaded")

UNFINISHED_AT_MOST = 3  # of one person
LONGEST_QUERY = 8_000  # characters; an address may not be longer, either


class UnknownFormat(Refused):
    """A file has one of a few formats."""

    code = "unknown_format"
    http_status = 404
    message = f"The formats are {', '.join(sorted(FORMATS))}."


class TooManyExports(Refused):
    """The workers write everyone's files, so one person can't fill their queue."""

    code = "too_many_exports"
    message = f"You already have {UNFINISHED_AT_MOST} exports in progress. Wait for one to finish, or stop one."


class QuestionTooLong(Refused):
    """A question is as long as an address at most."""

    code = "question_too_long"
    message = "This question is too long to export. Choose fewer filters."


class NoFile(Refused):
    """There is a file once the export is ready, and until it expires."""

    code = "no_export_file"
    http_status = 404


@transaction.atomic
def ask(name: str, query: str, form: str, *, by: User, at: datetime) -> Export:
    """Ask a worker for the file of a report.

    Raises UnknownReport, NotAllowed, UnknownFormat, QuestionTooLong, TooManyExports, TooLongForPaper, or what the report
    says about the question.
    """
    report = report_for(name, by)
    if form not in FORMATS:
        raise UnknownFormat
    if len(query) > LONGEST_QUERY:
        raise QuestionTooLong
    table, total = report.asked(query, by, at)
    check_length(total, form)
    User.objects.select_for_update().get(pk=by.pk)  # one at a time, so that two requests don't both count the same
    if Export.objects.of(by.pk).unfinished().count() >= UNFINISHED_AT_MOST:
        raise TooManyExports
    export = Export.objects.create(
        asked_by=by,
        report=name,
        query=query,
        title=table.title[: Export._meta.get_field("title").max_length],
        format=form,
        total_rows=total,
        asked_at=at,
        next_attempt_at=at,
    )
    record(EXPORT_ASKED, on=export, by=by, after={"report": name, "query": query, "format": form})
    EXPORTS.ask_for(export)
    return export


def check_length(rows: int, form: str) -> None:
    """Raise TooLongForPaper if a file of this format can't have so many rows."""
    most = FORMATS[form].most_rows
    if most is not None and rows > most:
        raise too_long(f"{rows:,} rows")


@transaction.atomic
def stop(export: Export, *, by: User, at: datetime) -> None:
    """Stop an unfinished export of one's own; its worker notices within seconds, and nothing of the file is kept."""
    found = Export.objects.of(by.pk).unfinished().select_for_update().filter(pk=export.pk).first()
    if found is None:
        return
    found.state, found.finished_at, found.next_attempt_at = State.STOPPED, at, None
    found.save(update_fields=["state", "finished_at", "next_attempt_at"])
    forget(found)
    record(EXPORT_STOPPED, on=found, by=by)


@transaction.atomic
def download(export: Export, *, by: User) -> Iterator[bytes]:
    """The file of an export of one's own, in chunks. Raises NoFile, UnknownReport or NotAllowed."""
    found = Export.objects.of(by.pk).filter(pk=export.pk).first()
    if found is None:
        raise NoFile("There is no such export.")
    report_for(found.report, by)
    if found.state != State.DONE:
        raise NoFile(NO_FILE[State(found.state)])
    record(EXPORT_DOWNLOADED, on=found, by=by)
    return content_of(found)


NO_FILE = {
    State.WAITING: "This export has not started yet.",
    State.RUNNING: "This export is still being written.",
    State.FAILED: "This export failed, so it has no file.",
    State.STOPPED: "This export was stopped, so it has no file.",
    State.EXPIRED: "This file has expired. Export the report again.",
}
