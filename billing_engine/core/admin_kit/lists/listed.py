"""The part of a page that is its list: columns that a person chooses and keeps, and a file of what is shown."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.lists.chosen import CHECKBOX, columns_shown, title_of
from billing_engine.core.admin_kit.lists.file import heads_of, rows_of
from billing_engine.core.admin_kit.paginator import PatientChangeList
from billing_engine.core.preferences.columns import keep, kept_by
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.table import Notes, Table

CSV = FORMATS["csv"]
# They number columns and pages, and the columns are other ones now.
OF_THIS_VIEW = ("o", "p")


class ColumnsForm(forms.Form):
    """The columns on offer, without the first one, which always stays."""

    columns = forms.MultipleChoiceField(
        label="Shown besides the first one",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Kept for you, on this list.",
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["columns"]
        chosen.choices = choices


class KeptList(PatientChangeList):
    """A list with the columns that its reader chose."""

    def __init__(self, request: HttpRequest, model: type[Model], usual: Any, *args: Any, **kwargs: Any) -> None:
        page = next(each for each in args if isinstance(each, Listed))
        self.kept = kept_by(person(request), page.opts.label_lower)
        self.offered = [*usual, *page.list_offered]
        wanted = usual if self.kept is None else self.kept
        super().__init__(request, model, columns_shown(self.offered, wanted), *args, **kwargs)

    @property
    def named(self) -> list[str]:
        """The names of the columns shown, without the checkbox."""
        return [str(name) for name in self.list_display if name != CHECKBOX]


class Listed:
    """A page's list. `list_offered` are columns that it has beside those it shows of itself."""

    list_display: Any
    list_offered: tuple[str, ...] = ()
    is_exported = True

    opts: Any
    model: Any
    admin_site: Any

    def prepare(self, rows: list[Any]) -> None:
        """Complete the rows of a page or of a part of a file with what their columns read, all at once."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PatientChangeList]:
        return KeptList

    def get_urls(self) -> list[URLPattern]:
        of, wrap = self.opts, self.admin_site.admin_view
        above: Any = super()
        name = f"{of.app_label}_{of.model_name}"
        return [
            path("columns/", wrap(self.choose_columns), name=f"{name}_columns"),
            path("export.csv", wrap(self.export_list), name=f"{name}_export_list"),
            *above.get_urls(),
        ]

    @needs("view")
    def choose_columns(self, request: HttpRequest) -> HttpResponse:
        """Ask which columns to show, and keep the answer."""
        page: Any = self
        if not page.has_view_permission(request):
            raise PermissionDenied
        listed, usual = self.opts.label_lower, page.get_list_display(request)
        kept, names = kept_by(person(request), listed), [*usual, *self.list_offered][1:]
        form = ColumnsForm(
            request.POST if request.method == "POST" else None,
            choices=[(name, title_of(self, name)) for name in names],
            initial={"columns": usual if kept is None else kept},
        )
        back = self._list_address(request)
        if form.is_valid():
            # What this view leaves out, as a state's list leaves out what is empty in it, stays as it was.
            others = [name for name in kept or self.list_display[1:] if name not in names]
            keep(person(request), listed, [*form.cleaned_data["columns"], *others], self.list_display[1:])
            is_in_window = request.headers.get("HX-Request")
            return HttpResponse(headers={"HX-Redirect": back}) if is_in_window else HttpResponseRedirect(back)
        title = f"Columns of {self.opts.verbose_name_plural}"
        shown = {
            "opts": self.opts,
            "title": title,
            "asks": {"title": title},
            "form": form,
            "presses": "Show",
            "back": back,
        }
        return render(request, "core/dialog.html", {**self.admin_site.each_context(request), **shown})

    @needs("view")
    def export_list(self, request: HttpRequest) -> HttpResponseBase:
        """All rows that the list's search and filters find, with its columns."""
        page: Any = self
        if not page.has_view_permission(request):
            raise PermissionDenied
        if not self.is_exported:
            raise Http404
        try:
            shown = page.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self._list_address(request))  # the list says that it can't filter so
        if shown.asks_for or _is_too_long(shown.queryset):
            messages.error(
                request,
                shown.asks_for or f"More than {CSV.while_waiting:,} rows. Export fewer: filter or search first.",
            )
            return HttpResponseRedirect(self._list_address(request))
        table = Table(
            str(self.opts.verbose_name_plural).replace(" ", "-"),
            str(self.opts.verbose_name_plural),
            heads_of(self, shown.named),
            rows_of(self, shown.named, shown.queryset),
            Notes(question=_asked(request.GET), made_at=now()),
        )
        return table_response(table, CSV)

    def _list_address(self, request: HttpRequest) -> str:
        """The list, with its search and filters."""
        asked = request.GET.copy()
        for name in OF_THIS_VIEW:
            asked.pop(name, None)
        return f"{reverse(f'admin:{self.opts.app_label}_{self.opts.model_name}_changelist')}?{asked.urlencode()}"


def _is_too_long(found: QuerySet[Any]) -> bool:
    """Count no further than the bound."""
    return found.order_by()[: CSV.while_waiting + 1].values("pk").count() > CSV.while_waiting


def _asked(query: QueryDict) -> str:
    return ", ".join(f"{name}={value}" for name, value in query.items() if name not in OF_THIS_VIEW and value)
