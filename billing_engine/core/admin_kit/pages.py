"""The base of all admin pages: read-only by default, with buttons only if the row's state allows."""

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline
from unfold.enums import ActionVariant

from billing_engine.core.access.pages import may, stated
from billing_engine.core.access.recent_login import need_recent_login
from billing_engine.core.admin_kit.bulk import skipped_by
from billing_engine.core.admin_kit.dialogs import is_left_out, person, why_not
from billing_engine.core.admin_kit.extension import Extensible
from billing_engine.core.admin_kit.lists.listed import Listed
from billing_engine.core.admin_kit.menu import title_of
from billing_engine.core.admin_kit.paginator import PatientPaginator, page_by_key
from billing_engine.core.admin_kit.task_cards import notices_about
from billing_engine.core.admin_kit.timeline import timeline_of, told, zone_of
from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import DeedQuerySet

Row = TypeVar("Row", bound=Model)
# How columns with secrets, or with what secrets are checked by, are named; tests/house/test_secrets.py walks them.
SECRET = re.compile(r"password|secret|(?<!is_)sealed|digest|token|session_data|private")

# Raw columns that no page shows, and no list is filtered by.
RAW_COLUMNS = frozenset({"body", "answer"})
DEEDS_A_PAGE = 100


class WithDeeds(ModelAdmin[Row]):
    """Pages with the deeds on their row. Django's own log stays empty: the deed log is the only one."""

    change_form_outer_after_template = "core/timeline.html"

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None

    def deeds_on(self, row: Row) -> DeedQuerySet:
        """The deeds that the page of this row shows, latest first."""
        return Deed.objects.about(row)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, called as the menu calls it."""
        name = title_of(request.path) or capfirst(str(self.opts.verbose_name_plural))
        response: HttpResponse = super().changelist_view(request, {"title": name, **(extra_context or {})})
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row: Row | None = kwargs.get("obj")
        if row is not None:
            context["timeline"] = timeline_of(request, row, deeds=self.deeds_on(row), zone=zone_of(row))
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All deeds on the row, latest first."""
        row = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        found = self.deeds_on(row).select_related("person")
        try:
            page = page_by_key(found, request.GET.get("p", ""), DEEDS_A_PAGE)
        except ValueError as error:
            raise Http404 from error
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "object": row,
            "title": f"Deeds on {row}",
            "page": page,
            "deeds": told(request, page.rows, row=row, zone=zone_of(row)),
            "media": self.media,
        }
        return TemplateResponse(request, "core/history.html", context)


class Page(Listed, Extensible, WithDeeds[Row]):
    """A list and its pages. Records with a history are never deleted."""

    show_full_result_count = False
    paginator = PatientPaginator
    list_per_page = 50
    is_large = False  # may have so many rows that its pages are turned by key, and sorted only by what has an index
    list_filter_submit = True  # these filters are form fields: they need a submit button
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = True
    save_on_top = False
    view_on_site = False
    nothing_yet = ""  # message of an empty list; if not set: that there are none of its kind
    needs_recent_login = False  # an old log-in is confirmed before the form opens
    show_facets = ShowFacets.NEVER  # would count what no page shows
    # Unlike Django's, never requests the whole list: the filters' own links are enough.
    list_disable_select_all = False
    list_before_template = "core/skipped.html"
    change_form_outer_before_template = "core/approval_notices.html"

    class Media:
        css = {"all": ["core/pages.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """The columns that name an order, which of a large list has an index, and of a small one all plain fields."""
        plain = frozenset[str]() if self.is_large else frozenset(field.name for field in self.opts.concrete_fields)
        names: tuple[str, ...] = tuple(super().get_sortable_by(request))
        shown = {name: getattr(self, name, None) for name in names}
        return tuple(
            name
            for name in names
            if getattr(shown[name], "admin_order_field", None) or (shown[name] is None and name in plain)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """Each row with everything that its columns and facts read."""
        found: QuerySet[Row] = super().get_queryset(request)
        return found.select_related(*self.related) if self.related else found

    def visible(self, request: HttpRequest, object_id: str) -> Row:
        """The row of an address, for a page that draws itself or a file; raises Http404 or PermissionDenied."""
        row: Row | None = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Add what the last bulk action skipped."""
        shown = {"skipped": skipped_by(request, self.model)} | (extra_context or {})
        return super().changelist_view(request, shown)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page; a refusal that only saving raises is shown above it, and nothing has changed."""
        may_save = self.has_change_permission(request) if object_id else self.has_add_permission(request)
        if self.needs_recent_login and may_save:  # before anything is typed
            need_recent_login(request, back=request.get_full_path())
        try:
            row = self.get_object(request, object_id) if object_id else None
            shown = {"approvals": notices_about(row) if row else []} | (extra_context or {})
            return super().changeform_view(request, object_id, form_url, shown)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def hidden_columns(self, request: HttpRequest) -> frozenset[str]:
        """The columns that this user can't see, and so can't filter by: counts would give their values away.

        JSON is never filtered by: it holds whatever a source sent, or what a page shows only in part.
        """
        return RAW_COLUMNS | {field.name for field in self.opts.concrete_fields if isinstance(field, JSONField)}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse a filter typed into the address that would reveal a secret or a hidden column, letter by letter."""
        hidden = RAW_COLUMNS if request is None else self.hidden_columns(request)
        is_hidden = SECRET.search(lookup) or not hidden.isdisjoint(lookup.split("__"))
        return not is_hidden and super().lookup_allowed(lookup, value, request)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons above the page that the user's role and the row's state allow.

        If another rule prevents this user (a second person is needed, a month is not ready), the button is disabled
        with the reason; if a second person could do it, the button that asks for approval takes its place.
        """
        found = self._pressable(request, super().get_actions_detail(request, object_id))
        row = self.get_object(request, str(object_id)) if found else None
        if row is None:
            return []
        by = person(request)
        offered = [each for each in found if _is_offered(each.method, row) and not is_left_out(each.method, row, by)]
        for each in offered:
            if words := why_not(each.method, row, by):
                each.dialog, each.variant = {**each.dialog, "why_not": words}, ActionVariant.DEFAULT
        return offered

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """The buttons above the list that the user's role allows."""
        return self._pressable(request, super().get_actions_list(request))

    def get_actions_row(self, request: HttpRequest) -> list[Any]:
        """The buttons of each row that the user's role allows."""
        return self._pressable(request, super().get_actions_row(request))

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons below a form that the user's role allows."""
        return self._pressable(request, super().get_actions_submit_line(request, object_id))

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: Any) -> list[Any]:
        """Django's, without the actions that state no permission: it would offer those to everyone."""
        found: list[Any] = super()._filter_actions_by_permissions(request, actions)
        return [each for each in found if stated(each[0])]

    @staticmethod
    def _pressable(request: HttpRequest, buttons: list[Any]) -> list[Any]:
        return [each for each in buttons if may(request.user, each.method)]


def _is_offered(method: Any, row: Model) -> bool:
    offered: Callable[[Model], bool] | None = getattr(method, "offered", None)
    return offered is None or offered(row)


class ReadOnlyPage(Page[Row]):
    """Read-only rows; changes are made with buttons, each calling the domain once."""

    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        """All fields that the page shows."""
        shown: Any = self.fieldsets or ((None, {"fields": self.fields or ()}),)
        return (*self.readonly_fields, *flatten_fieldsets(shown))


class FollowedPage(ReadOnlyPage[Row]):
    """Rows that a worker has: their page asks for itself while it is busy, and is then loaded again, for its buttons."""

    @abstractmethod
    def is_busy(self, row: Row) -> bool:
        """Whether a worker has it, or will have."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page, or the order to load it again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        is_busy = self.is_busy(self.visible(request, object_id))
        if request.headers.get("HX-Request") and not is_busy:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return super().change_view(request, object_id, form_url, {"is_busy": is_busy, **(extra_context or {})})


class ReadOnlyRows(Extensible, TabularInline):
    """The related rows of a page's subject, read-only."""

    columns_in = "fields"
    extra = 0
    can_delete = False
    show_change_link = False
    per_page = 50
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each row with everything that its columns read."""
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related(*self.related) if self.related else found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All of its columns."""
        return tuple(self.fields)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
