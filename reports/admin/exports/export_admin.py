"""The list of one's own exports, and the page of each: its progress, Stop, and its file."""

from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, Colour, amount, chip, instant, link_to, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.queues.progress import percent
from billing_engine.core.tables.download import chunks_response
from billing_engine.core.tables.formats import FORMATS
from reports.domain.exports.ask import NoFile, download, stop
from reports.domain.exports.registry import NotAllowed
from reports.models import Export

VIEW = "reports.view_export"
State = Export.State
COLOURS: dict[str, Colour] = {
    State.WAITING: "blue",
    State.RUNNING: "blue",
    State.DONE: "green",
    State.FAILED: "red",
    State.STOPPED: "plain",
    State.EXPIRED: "plain",
}


def state_chip(export: Export) -> SafeString:
    """Its state in color."""
    return chip(export.get_state_display(), COLOURS[export.state])


def file_cell(export: Export) -> SafeString | str:
    """A link to the file while there is one."""
    return link_to(_file_address(export), "Download") if export.state == State.DONE else NOTHING


def rows_in_words(export: Export) -> str:
    """`312,000 of 1,000,000`; without a total while it is unknown."""
    if export.is_unfinished and export.total_rows:
        return f"{intcomma(export.rows_written)} of {intcomma(export.total_rows)}"
    return str(intcomma(export.rows_written))


@admin.register(Export)
class ExportAdmin(FollowedPage[Export]):
    change_form_template = "reports/export.html"
    list_display = ("shown_title", "format", "shown_state", "shown_rows", "asked", "expires", "file")
    list_display_links = ("shown_title",)
    list_filter = ("state", "format")
    related = ("asked_by",)
    ordering = ("-pk",)
    fields = (("format", "shown_rows"), ("shown_size", "asked"), ("finished", "expires"))
    actions_detail: Any = ("stop_export",)
    nothing_yet = (
        "No exports yet. A file that takes too long to download at once is written in the background and listed here,"
        " for you only."
    )

    shown_title = column(shortened, "title", title="report")
    shown_state = column(state_chip, title="state")
    shown_rows = column(lambda export: amount(rows_in_words(export)), title="rows")
    shown_size = column(lambda size: amount(filesizeformat(size) if size else NOTHING), "size", title="size")
    asked = column(instant, "asked_at", title="requested", order="asked_at")
    finished = column(instant, "finished_at", title="finished", empty=NOTHING)
    expires = column(instant, "expires_at", title="expires", order="expires_at", empty=NOTHING)
    file = column(file_cell, title="file")

    class Media:
        css = {"all": ["pricing/rules.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        """Only one's own: a file shows what its person may see."""
        return super().get_queryset(request).filter(asked_by=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:export_id>/file/", wrap(self.download_file), name="reports_export_file"),
            *super().get_urls(),
        ]

    def is_busy(self, row: Export) -> bool:
        return row.is_unfinished

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        export: Export = kwargs["obj"]
        context["state"] = state_chip(export)
        context["percent"] = percent(export.rows_written, export.total_rows) if export.total_rows else None
        context["file_address"] = _file_address(export)
        return super().render_change_form(request, context, *args, **kwargs)

    @needs(VIEW)
    def download_file(self, request: HttpRequest, export_id: int) -> HttpResponseBase:
        """The file, for the person who asked for it."""
        export = get_object_or_404(Export, pk=export_id)
        try:
            chunks = download(export, by=person(request))
        except NoFile as refusal:
            raise Http404(str(refusal)) from refusal
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        response = chunks_response(chunks, name=export.file_name, form=FORMATS[export.format])
        response["Content-Length"] = str(export.size)
        return response

    @button(
        "Stop",
        permission=VIEW,
        icon="stop_circle",
        offered=lambda export: export.is_unfinished,
        asks=Dialog(title="Stop this export?", says="Nothing of the file is kept. You can export the report again."),
    )
    def stop_export(self, request: HttpRequest, export: Export, answers: dict[str, Any]) -> Done:
        stop(export, by=person(request), at=now())
        return Done("Stopped.")


def _file_address(export: Export) -> str:
    return reverse("admin:reports_export_file", args=[export.pk])


in_menu("Reports", 40, list_item("Exports", "download", "reports.export"))
