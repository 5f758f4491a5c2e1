"""The list of file imports, and the page of each from what was found to what was stored."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    Colour,
    amount,
    chip,
    code,
    instant,
    link,
    link_to,
    number,
    page_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.admin_kit.task_cards import shown_person
from billing_engine.core.calendar.wording import day_in_words
from leads.admin.imports.buttons import ImportButtons
from leads.admin.imports.mapping_forms import needs_mapping
from leads.admin.imports.reading_form import shown_reading
from leads.admin.imports.shown import first_rows, report, shown_mappings
from leads.admin.imports.upload_page import ADD, upload_view
from leads.domain.access.contacts import may_see_raw_bodies
from leads.domain.imports.dates import date_questions
from leads.domain.imports.mappings import columns_without_contacts
from leads.domain.imports.steps import (
    TO_TRY,
)
from leads.domain.imports.tally import Tally
from leads.domain.imports.upload import same_before
from leads.domain.imports.view_file import look_at_rows
from leads.models import FileImport
from leads.models.file_import import BUSY

State = FileImport.State
COLOURS: dict[str, Colour] = {
    State.LOOKED: "orange",
    State.DRY_RUNNING: "blue",
    State.READY: "orange",
    State.IMPORTING: "blue",
    State.STOPPED: "orange",
    State.DONE: "green",
    State.FAILED: "red",
    State.UNDOING: "blue",
    State.UNDONE: "plain",
    State.DISCARDED: "plain",
}


def state_chip(item: FileImport) -> SafeString:
    """Its state in color."""
    return chip(item.get_state_display(), COLOURS[item.state])


@admin.register(FileImport)
class FileImportAdmin(ImportButtons, FollowedPage[FileImport]):
    change_form_template = "leads/file_import.html"
    list_display = (
        "shown_name", "shown_source", "state_chip", "shown_size", "shown_stored", "shown_refused", "uploaded", "shown_by",
    )  # fmt: skip
    list_display_links = ("shown_name",)
    list_filter = ("state", ("source", AutocompleteSelectFilter))
    related = ("source", "uploaded_by", "asked_by")
    ordering = ("-pk",)
    nothing_yet = "No imports yet. Choose Import file: nothing is stored before you have seen a dry run."
    actions_list: Any = ("upload",)
    actions_detail: Any = (
        *("map_them", "answer", "correct", "dry_run", "start"),
        *("stop_it", "resume_it", "undo_it", "faulty", "discard_it"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_source", "shown_size"),
                    ("uploaded", "shown_by"),
                    ("started", "finished"),
                    ("digest",),
                )
            },
        ),
    )

    shown_name = column(shortened, "name", title="file")
    shown_source = column(link, "source", title="source")
    state_chip = column(state_chip, title="state")
    shown_size = column(lambda size: amount(filesizeformat(size)), "size", title="size")
    shown_stored = column(number, lambda item: Tally(item.result).stored if item.result else None, title="leads stored")
    shown_refused = column(
        number,
        lambda item: Tally(item.result).counts["leads_received"] - Tally(item.result).stored if item.result else None,
        title="leads refused",
    )
    uploaded = column(instant, "uploaded_at", title="uploaded")
    shown_by = column(shown_person, "uploaded_by", title="by")
    started = column(instant, "started_at", title="import started", empty=NOTHING)
    finished = column(instant, "finished_at", title="import finished", empty=NOTHING)
    digest = column(code, "sha256", title="SHA-256")

    def is_busy(self, row: FileImport) -> bool:
        return row.state in BUSY

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item: FileImport = kwargs["obj"]
        is_tried = item.state in TO_TRY
        may_see, plain = may_see_raw_bodies(request.user), columns_without_contacts(item.source)
        rows = first_rows(item, may_see=may_see, plain=plain) if is_tried else {}
        if may_see and rows.get("rows"):
            look_at_rows(item, by=person(request))
        earlier = same_before(item) if is_tried else None
        context |= {
            "state": state_chip(item),
            "tried": report(item.dry_run),
            "stored": report(item.result),
            "first": rows,
            "reading": shown_reading(item) if is_tried else [],
            "mappings": shown_mappings(item) if is_tried else [],
            "needs_mapping": is_tried and needs_mapping(item),
            "questions": date_questions(item) if is_tried else [],
            "warnings": item.found.get("warnings", []) if is_tried else [],
            "earlier": earlier
            and link_to(
                page_of("leads.fileimport", earlier.pk), f"{earlier.name} on {day_in_words(earlier.uploaded_at.date())}"
            ),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def has_upload_permission(self, request: HttpRequest) -> bool:
        """Whether this user may upload files."""
        return request.user.has_perm(ADD)

    upload: Any = action(
        upload_view,
        permissions=["upload"],
        description="Import file",
        icon="upload",
        variant=ActionVariant.PRIMARY,
        url_path="upload",
    )
    upload.csrf_exempt = True  # it checks the token itself, after the permission
