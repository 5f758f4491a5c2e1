"""The list of exports to the books, and the page of each with its file."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, Colour, amount, chip, code, instant, link_to, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.errors import Refused
from billing_engine.core.queues.progress import percent
from billing_engine.core.tables.download import file_response
from invoices.domain.wording import month_in_words
from receivables.admin.books.new_export import EXPORT, VIEW
from receivables.domain.exports.ask import download
from receivables.models import BookExport

State = BookExport.State
COLOURS: dict[str, Colour] = {State.WAITING: "blue", State.RUNNING: "blue", State.DONE: "green", State.FAILED: "red"}
SHORT = 12  # of a digest


def state_chip(export: BookExport) -> SafeString:
    """Its state in color."""
    return chip(export.get_state_display(), COLOURS[export.state])


def sums_in_words(export: BookExport) -> str:
    """`$1,250.00 · ¥300`."""
    return " · ".join(money.in_words(Decimal(sum_), currency) for currency, sum_ in export.sums.items())


def file_address(export: BookExport) -> str:
    """Where its file is."""
    return reverse("admin:receivables_bookexport_file", args=[export.pk])


def file_cell(export: BookExport) -> SafeString | str:
    """A link to the file once it is there."""
    return link_to(file_address(export), "Download") if export.state == State.DONE else state_chip(export)


@admin.register(BookExport)
class BookExportAdmin(FollowedPage[BookExport]):
    change_form_template = "receivables/book_export.html"
    list_display = ("kind", "company", "shown_month", "shown_rows", "shown_sums", "digest", "asked", "shown_by", "file")
    list_display_links = ("kind",)
    list_filter = ("kind", "state")
    related = ("seller", "asked_by")
    search_fields = ("month__startswith",)
    search_help_text = "Month, such as 2026-10"
    ordering = ("-pk",)
    fields = (("company", "shown_month"), ("shown_rows", "shown_sums"), ("asked", "shown_by"), ("whole_digest",))
    actions_list: Any = ("new_export",)
    nothing_yet = "Nothing was exported to the books yet."

    company = column(str, "company_name", title="company")
    shown_month = column(
        lambda export: f"as of {export.as_of}" if export.as_of else month_in_words(export.month),
        title="month",
        order="month",
    )
    shown_rows = column(number, "rows", title="rows")
    shown_sums = column(lambda export: amount(sums_in_words(export) or NOTHING), title="sum")
    digest = column(lambda export: code(export.sha256[:SHORT] or NOTHING), title="digest")
    whole_digest = column(code, "sha256", title="digest (SHA-256)", empty=NOTHING)
    asked = column(instant, "asked_at", title="made", order="asked_at")
    shown_by = column(lambda by: by.get_full_name() or by.get_username(), "asked_by", title="made by")
    file = column(file_cell, title="file")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookExport]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("content")

    def hidden_columns(self, request: HttpRequest) -> frozenset[str]:
        return super().hidden_columns(request) | {"content"}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:export_id>/file/", wrap(self.download_file), name="receivables_bookexport_file"),
            *super().get_urls(),
        ]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the user may export to the books."""
        return request.user.has_perm(EXPORT)

    def _new_export(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:receivables_new_export"))

    new_export: Any = action(
        _new_export,
        permissions=["export"],
        description="Export",
        icon="upload_file",
        variant=ActionVariant.PRIMARY,
        url_path="new",
    )

    def is_busy(self, row: BookExport) -> bool:
        return row.is_unfinished

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        export: BookExport = kwargs["obj"]
        context["state"] = state_chip(export)
        context["percent"] = percent(export.written, export.total) if export.total else None
        context["file_address"] = file_address(export)
        return super().render_change_form(request, context, *args, **kwargs)

    @needs(VIEW)
    def download_file(self, request: HttpRequest, export_id: int) -> HttpResponseBase:
        """The file, byte for byte as it was made."""
        export = get_object_or_404(BookExport.objects.defer("content"), pk=export_id)
        try:
            content = download(export, by=person(request))
        except Refused as refusal:
            raise Http404(str(refusal)) from refusal
        return file_response(content, name=export.file_name, content_type="text/csv; charset=utf-8")


in_menu("Receivables", 70, list_item("Books", "menu_book", "receivables.bookexport"))
