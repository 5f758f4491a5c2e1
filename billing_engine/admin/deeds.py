"""The deed log: who did what, on what, when, from where, and why; searched, filtered and exported."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, code, instant, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.filters import DayFilter
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.admin_kit.timeline import changes_of, may_see_values, subject_of, told, who
from billing_engine.core.calendar.spans import midnight
from billing_engine.core.deeds.verbs import in_words, verbs
from billing_engine.core.models import Deed
from billing_engine.core.tables.csv import Cell, csv_response
from billing_engine.core.tables.xlsx import xlsx_response
from billing_engine.operations.deeds import record_export

HEADER = (
    *("Place", "At (UTC)", "Who", "Kind", "Task", "Did", "On", "Objects", "Reason", "Changes", "Address", "Request"),
    "Digest",
)
HIDDEN = "hidden"


class Days(DayFilter):
    """By the days in UTC, because the log has no time zone of its own."""

    title = "days (UTC)"
    parameter_name = "days"
    at = "at"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self.asked()
        if first is None and last is None:
            return queryset
        found = queryset.filter(at__gte=midnight(first, ZoneInfo("UTC"))) if first else queryset
        return found.filter(at__lt=midnight(last + timedelta(days=1), ZoneInfo("UTC"))) if last else found


class VerbFilter(DropdownFilter):
    """By what was done, in words."""

    title = "what"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((each.code, each.words) for each in verbs().values()), key=lambda each: each[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(Deed)
class DeedAdmin(ReadOnlyPage[Deed]):
    is_large = True
    nothing_yet = "Nothing has been done yet."
    list_display = ("shown_at", "shown_who", "shown_what", "shown_subject", "shown_reason", "shown_address")
    list_filter = (
        Days,
        ("person", AutocompleteSelectFilter),
        ("actor", ChoicesDropdownFilter),
        VerbFilter,
    )
    related = ("person",)
    search_fields = ("subject_name",)
    search_help_text = "A name, an address, a request ID, or an object such as invoices.invoice:12"
    ordering = ("-pk",)
    actions: Any = ("export_csv", "export_xlsx")
    is_exported = False  # its own file has more, and leaves a deed
    change_form_template = "core/deed.html"
    fieldsets = (
        (None, {"fields": (("shown_what", "shown_subject"), ("shown_who", "shown_at"), "shown_reason")}),
        ("From", {"fields": (("shown_address", "shown_request"), "shown_objects")}),
        ("Chain", {"fields": (("position", "shown_digest"),)}),
    )

    shown_at = column(lambda at: instant(at, UTC), "at", title="when", order="pk")
    shown_who = column(lambda deed: shortened(who(deed)), title="who")
    shown_what = column(lambda verb: shortened(in_words(verb)), "verb", title="what")
    shown_subject = column(subject_of, title="on")
    shown_reason = column(shortened, "reason", title="reason", empty=NOTHING)
    shown_address = column(str, "address", title="address", empty=NOTHING)
    shown_request = column(code, "request", title="request", empty=NOTHING)
    shown_objects = column(", ".join, "objects_touched", title="touched")
    shown_digest = column(lambda digest: code(bytes(digest).hex()), "digest", title="digest", empty="within seconds")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Deed], search_term: str
    ) -> tuple[QuerySet[Deed], bool]:
        return (queryset.filter(_named(search_term.strip())) if search_term.strip() else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        deed: Deed = kwargs["obj"]
        context["deeds"] = told(request, [deed], row=None, zone=UTC)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Deed]) -> HttpResponseBase:
        record_export(person(request), form="CSV", count=queryset.count(), filters=request.GET.dict())
        return csv_response("deeds.csv", HEADER, _rows(request, queryset))

    @admin.action(description="Export as XLSX", permissions=["view"])
    def export_xlsx(self, request: HttpRequest, queryset: QuerySet[Deed]) -> HttpResponseBase:
        record_export(person(request), form="XLSX", count=queryset.count(), filters=request.GET.dict())
        return xlsx_response("deeds.xlsx", "Deeds", HEADER, _rows(request, queryset))


def _named(term: str) -> Q:
    """Deeds that a search term means: an address, an object, or part of a name; else a request ID."""
    try:
        validate_ipv46_address(term)
    except ValidationError:
        if ":" in term:
            return Q(objects_touched__contains=[term.lower()])
        return Q(subject_name__icontains=term) | Q(actor_name__icontains=term) | Q(request=term)
    return Q(address=term)


def _rows(request: HttpRequest, deeds: QuerySet[Deed]) -> Iterator[tuple[Cell, ...]]:
    """Every column of each deed, in the order of the chain."""
    for deed in deeds.select_related("person").order_by("pk").iterator(chunk_size=1_000):
        changes = changes_of(deed) if may_see_values(request, deed) else [(HIDDEN, "", "")]
        yield (
            deed.position,
            f"{deed.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}",
            deed.actor_name,
            deed.get_actor_display(),
            deed.task,
            in_words(deed.verb),
            deed.subject_name,
            ", ".join(deed.objects_touched),
            deed.reason,
            "; ".join(f"{name}: {before} → {after}" for name, before, after in changes),
            deed.address,
            deed.request,
            bytes(deed.digest or b"").hex(),
        )


in_menu("Administration", 20, list_item("Deed log", "history", "core.deed"))
