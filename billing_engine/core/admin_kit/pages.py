"""What the pages of this house have in common: their look, links to what they name, buttons only where the state allows."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import TabularInline
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.base import BaseAdmin, ReadOnlyAdmin, skipped_by
from billing_engine.core.admin_kit.dialogs import person, why_not
from billing_engine.core.errors import Refused

Row = TypeVar("Row", bound=Model)
Parent = TypeVar("Parent", bound=Model)


class Page(BaseAdmin[Row]):
    """A list and a page in the house's look. Nothing that has a history is ever deleted."""

    list_fullwidth = True
    nothing_yet = ""  # what a list says that has no rows at all; empty: that there are none of its kind
    show_facets = ShowFacets.NEVER  # they would count what no page counts
    # Other than Django's, this one never asks for the whole list: the filters' own links are enough.
    list_disable_select_all = False
    list_before_template = "core/skipped.html"

    class Media:
        css = {"all": ["core/pages.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With what the last act on many of its rows skipped."""
        shown = {"skipped": skipped_by(request, self.model)} | (extra_context or {})
        response: HttpResponse = super().changelist_view(request, shown)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page; what the domain refuses only when it is saved is told above it, and nothing has changed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons above the page: those of the person's role that the row's state allows.

        What another rule keeps this person from (a second person, a month that is not ready) is switched off, and says why.
        """
        found = [each for each in super().get_actions_detail(request, object_id) if _may_press(each.method, request)]
        row = self.get_object(request, str(object_id)) if found else None
        if row is None:
            return []
        offered = [each for each in found if _is_offered(each.method, row)]
        for each in offered:
            if words := why_not(each.method, row, person(request)):
                each.dialog, each.variant = {**each.dialog, "why_not": words}, ActionVariant.DEFAULT
        return offered


def _may_press(method: Any, request: HttpRequest) -> bool:
    needed: str = getattr(method, "needs", "")
    return not needed or request.user.has_perm(needed)


def _is_offered(method: Any, row: Model) -> bool:
    offered: Callable[[Model], bool] | None = getattr(method, "offered", None)
    return offered is None or offered(row)


class ReadOnlyPage(Page[Row], ReadOnlyAdmin[Row]):
    """Rows that people look at; what changes them is a button, and every button is one act of the domain."""

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        """Whatever the page shows."""
        shown: Any = self.fieldsets or ((None, {"fields": self.fields or ()}),)
        return (*self.readonly_fields, *flatten_fieldsets(shown))


class ReadOnlyRows(TabularInline):
    """The rows of a page's subject, to be looked at."""

    extra = 0
    can_delete = False
    show_change_link = False
    per_page = 50
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
