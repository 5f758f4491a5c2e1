"""The pages of mappings."""

from typing import Any
from zoneinfo import available_timezones

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import BASE_INPUT_CLASSES, SELECT_CLASSES

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import active, instant, link, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import Page
from leads.admin.mappings.form import MappingForm
from leads.admin.mappings.trying import previewed, proposal
from leads.domain.mapping.differences import differences
from leads.domain.mapping.doors import doors
from leads.domain.mapping.language.dates import FORMS
from leads.domain.mapping.language.document import OTHERWISE
from leads.domain.mapping.language.numbers import FORMATS
from leads.domain.mapping.language.targets import ACTION, LEAD, VOID
from leads.domain.mapping.mappings import save_mapping
from leads.domain.mapping.ready_made.registry import ready_made
from leads.models import MappingRevision, SourceMapping

CHANGE = "leads.change_sourcemapping"


@admin.register(SourceMapping)
class MappingAdmin(Page[SourceMapping]):
    form = MappingForm
    change_form_template = "leads/mapping.html"
    list_display = ("shown_name", "shown_source", "shown_door", "place", "state", "revision", "changed")
    list_filter = ("is_active", ("source", AutocompleteSelectFilter))
    related = ("source",)
    search_fields = ("name", "source__name", "source__code")
    search_help_text = "Name or source"
    ordering = ("source__name", "place", "pk")
    autocomplete_fields = ("source",)
    fieldsets = ((None, {"fields": (("source", "name"), ("door", "place"), "is_active")}),)
    nothing_yet = "No mappings yet. A source needs one if it sends files, or JSON of its own form."

    class Media:
        css = {"all": ["leads/mapping.css"]}
        js = ["leads/mapping_parts.js", "leads/mapping_editor.js"]

    shown_name = column(shortened, "name", title="name", order="name")
    shown_source = column(link, "source", title="source", order="source__name")
    shown_door = column(lambda door: str(doors().get(door, door)), "door", title="for", order="door")
    state = column(active, "is_active", title="state", order="is_active")
    revision = column(str, "number", title="revision")
    changed = column(instant, "revised_at", title="revised")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(require_POST(self.preview)), name="leads_sourcemapping_preview"),
            path("propose/", view(require_POST(self.propose)), name="leads_sourcemapping_propose"),
            *super().get_urls(),
        ]

    @needs(CHANGE)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """Try the unsaved mapping on pasted records."""
        return previewed(request)

    @needs(CHANGE)
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Propose a mapping by the names of the pasted columns."""
        return proposal(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceMapping]:
        """Each mapping with its last revision."""
        last = MappingRevision.objects.filter(mapping=OuterRef("pk")).order_by("-number")
        newest = {"number": Subquery(last.values("number")[:1]), "revised_at": Subquery(last.values("written_at")[:1])}
        return super().get_queryset(request).annotate(**newest)

    def get_readonly_fields(self, request: HttpRequest, obj: SourceMapping | None = None) -> tuple[str, ...]:
        """The source of a known mapping stays."""
        return ("source",) if obj else ()

    def save_model(self, request: HttpRequest, obj: SourceMapping, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        given = form.cleaned_data
        save_mapping(
            obj,
            document=given["document"],
            reason=given["reason"],
            since=given["since"],
            by=person(request),
            at=now(),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        mapping: SourceMapping | None = kwargs.get("obj")
        context["editor"] = _editor(mapping)
        context["may_edit"] = self.has_change_permission(request, mapping) if mapping else True
        context["revisions"] = _revisions(mapping) if mapping else []
        return super().render_change_form(request, context, *args, **kwargs)


def _editor(mapping: SourceMapping | None) -> dict[str, Any]:
    """What the script needs to know."""
    return {
        "preview": reverse("admin:leads_sourcemapping_preview"),
        "propose": reverse("admin:leads_sourcemapping_propose"),
        "source": mapping.source_id if mapping else None,
        "kinds": {
            "lead": {name: target.kind.name for name, target in LEAD.items()},
            "action": {name: target.kind.name for name, target in (ACTION | VOID).items()},
        },
        "dates": {form: f"{form.replace('_', ' ')} ({example})" for form, example in FORMS.items()},
        "numbers": {form: f"decimal {form} ({example})" for form, example in FORMATS.items()},
        "otherwise": {name: one.words for name, one in OTHERWISE.items()},
        "ready": {
            made.code: {
                "name": made.name,
                "door": made.door,
                "for": doors()[made.door],
                "document": made.document,
            }
            for made in ready_made()
        },
        "zones": sorted(available_timezones()),
        "input": " ".join(BASE_INPUT_CLASSES),
        "select": " ".join(SELECT_CLASSES),
    }


def _revisions(mapping: SourceMapping) -> list[dict[str, Any]]:
    """All revisions, latest first, with what each changed."""
    found = list(mapping.revisions.select_related("written_by").order_by("-number"))
    earlier = [*(one.document for one in found[1:]), None]
    return [
        {
            "number": one.number,
            "at": instant(one.written_at),
            "by": one.written_by or "",
            "reason": one.reason,
            "changed": [] if before is None else differences(before, one.document),
        }
        for one, before in zip(found, earlier, strict=True)
    ]
