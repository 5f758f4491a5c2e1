"""The buttons of a file import: what is asked about the file, the dry run, and the import itself."""

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, file_button, person
from leads.admin.imports.mapping_forms import ColumnsForm, DatesForm, chosen, first_columns, first_dates, needs_mapping
from leads.admin.imports.reading_form import ReadingForm, first_answers, may_be_corrected
from leads.domain.access.contacts import VIEW_RAW_BODIES, may_see_raw_bodies
from leads.domain.imports.dates import answer_dates, date_questions
from leads.domain.imports.mappings import map_columns
from leads.domain.imports.steps import (
    BROKEN_OFF,
    STORED,
    TO_TRY,
    check_may_be_resumed,
    check_may_be_stored,
    check_may_be_tried,
    check_may_be_undone,
    correct_reading,
    discard,
    may_be_discarded,
    may_be_stopped,
    resume,
    start_dry_run,
    start_import,
    stop,
    undo,
)
from leads.domain.imports.tally import Tally
from leads.domain.imports.view_file import open_faulty_rows
from leads.models import FileImport

CHANGE = "leads.change_fileimport"
State = FileImport.State


def counted(leads: int) -> str:
    """`3 leads`."""
    return f"{leads:,} lead{'' if leads == 1 else 's'}"


def may_be_tried(item: FileImport) -> bool:
    """Whether nothing of it is stored, and its bytes are still there."""
    return item.state in TO_TRY and bool(item.kept_as)


class ImportButtons:
    """What can be done with an import."""

    visible: Any

    @button(
        "Map columns",
        permission="leads.add_sourcemapping",
        icon="view_column",
        variant=ActionVariant.PRIMARY,
        offered=lambda item: may_be_tried(item) and needs_mapping(item),
        asks=Dialog(
            title="Which column is what?",
            says=lambda item: (
                f"This becomes the mapping of {item.source} for files, which you can edit later. Columns that are not chosen"
                " are kept in the delivery only."
            ),
            submit="Save mapping",
            form=ColumnsForm,
            first=first_columns,
            template="leads/map_columns.html",
        ),
    )
    def map_them(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        map_columns(item, chosen(answers), by=person(request), at=now())
        return Done("The columns are mapped.")

    @button(
        "Answer",
        permission="leads.change_sourcemapping",
        icon="help",
        variant=ActionVariant.PRIMARY,
        offered=lambda item: may_be_tried(item) and bool(date_questions(item)),
        asks=Dialog(
            title="How are the dates written?",
            says="Dates that can be read in several ways are never guessed. The mapping keeps your answer.",
            submit="Save",
            form=DatesForm,
            first=first_dates,
        ),
    )
    def answer(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        for question in date_questions(item):
            if form := answers.get(f"form{question.key}"):
                zone = answers.get(f"zone{question.key}", "")
                answer_dates(item, question, form=form, zone=zone, by=person(request), at=now())
        return Done("The mapping reads the dates like this from now on.")

    @button(
        "Correct reading",
        permission=CHANGE,
        icon="tune",
        offered=lambda item: may_be_tried(item) and may_be_corrected(item),
        guard=check_may_be_tried,
        asks=Dialog(
            title="How is the file read?",
            says="The first rows are shown again as you say. A dry run has to be repeated.",
            submit="Read again",
            form=ReadingForm,
            first=first_answers,
        ),
    )
    def correct(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        correct_reading(item, by=person(request), **answers)
        return Done("Read again.")

    @button(
        "Dry run",
        permission=CHANGE,
        icon="rule",
        variant=ActionVariant.PRIMARY,
        offered=may_be_tried,
        guard=check_may_be_tried,
        asks=Dialog(
            title="Try the whole file?",
            says="A worker reads all of it and tells the outcome that each row would have. Nothing is stored.",
            submit="Start dry run",
        ),
    )
    def dry_run(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        start_dry_run(item, by=person(request))
        return Done("The dry run has started.")

    @button(
        "Import",
        permission=CHANGE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=lambda item: item.state == State.READY and bool(item.kept_as),
        guard=check_may_be_stored,
        asks=Dialog(
            title=lambda item: f"Import {counted(Tally(item.dry_run).stored)}?",
            says=lambda item: (
                f"Rows with faults go to quarantine. You can stop the import, and undo it until something of it is billed."
                f" The leads are stored as sent by {item.source}."
            ),
        ),
    )
    def start(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        start_import(item, by=person(request), at=now())
        return Done("The import has started.")

    @button(
        "Stop",
        permission=CHANGE,
        icon="stop_circle",
        offered=may_be_stopped,
        asks=Dialog(title="Stop?", says="What is stored stays stored. You can resume later, at the same place."),
    )
    def stop_it(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        stop(item, by=person(request))
        return Done("Stopped.")

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        offered=lambda item: item.state in BROKEN_OFF,
        guard=check_may_be_resumed,
        asks=Dialog(title="Resume the import?", says="It continues where it stopped. Nothing is stored twice."),
    )
    def resume_it(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        resume(item, by=person(request))
        return Done("The import continues.")

    @file_button("Faulty rows", icon="download", when=lambda item: bool(item.faulty_as))
    def faulty(self, request: HttpRequest, object_id: str) -> FileResponse:
        """Download the faulty rows as the file has them, with what is wrong with each."""
        item = self.visible(request, object_id)
        if not may_see_raw_bodies(request.user) or not item.faulty_as:
            raise PermissionDenied
        name = f"{Path(item.name).stem}-faulty-rows.csv"
        return FileResponse(open_faulty_rows(item, by=person(request)), as_attachment=True, filename=name)

    faulty.needs = ("leads.view_fileimport", VIEW_RAW_BODIES)

    @button(
        "Undo",
        permission=CHANGE,
        icon="undo",
        offered=lambda item: item.state in STORED,
        guard=check_may_be_undone,
        asks=Dialog(
            title="Undo the whole import?",
            says=(
                "All actions that it stored are voided, so that none is charged. Actions that it voided count again, and its"
                " waiting items in quarantine are discarded. Leads stay, without these actions, and so do items that it"
                " corrected. An ID that was used stays used."
            ),
            is_dangerous=True,
        ),
    )
    def undo_it(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        undo(item, by=person(request))
        return Done("The import is being undone.")

    @button(
        "Discard",
        permission=CHANGE,
        icon="delete",
        offered=may_be_discarded,
        asks=Dialog(title="Discard this file?", says="Its bytes are deleted. Nothing of it was stored."),
    )
    def discard_it(self, request: HttpRequest, item: FileImport, answers: dict[str, Any]) -> Done:
        discard(item, by=person(request))
        return Done("Discarded.")
