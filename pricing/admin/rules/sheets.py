"""Price rules as a spreadsheet: export, upload of a file to import, and activation of many at once."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.tables.csv import csv_response
from billing_engine.core.tables.xlsx import xlsx_response
from pricing.domain.rule_book.rules import activate
from pricing.domain.rule_book.sheet.columns import COLUMNS, cells_of
from pricing.domain.rule_book.sheet.imports import BYTES_AT_MOST, FileTooLarge, start_import
from pricing.domain.scope.fit import unmatched
from pricing.models import PriceRule

AT_ONCE = 500


class SheetForm(forms.Form):
    """The file to import."""

    sheet = forms.FileField(
        label="CSV or XLSX",
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,.xlsx"}),
        help_text="Use the columns of an export. Rows without an id create new drafts, ids of rules in force create revisions.",
    )

    def clean_sheet(self) -> Any:
        given = self.cleaned_data["sheet"]
        if given.size > BYTES_AT_MOST:
            raise forms.ValidationError(FileTooLarge.message)
        return given


class RuleSheets:
    """Actions on many rules at once in the list."""

    admin_site: Any
    opts: Any

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether this user may draft rules and edit drafts."""
        return request.user.has_perms(["pricing.add_pricerule", "pricing.change_pricerule"])

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.change_pricerule")

    @admin.action(description="Export as XLSX", permissions=["view"])
    def export_xlsx(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> HttpResponseBase:
        return _workbook(queryset)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> Any:
        return csv_response("price-rules.csv", COLUMNS, map(cells_of, _whole(queryset)))

    def has_simulate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_simulation")

    @admin.action(description="Simulate the drafts", permissions=["simulate"])
    def simulate_selected(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> HttpResponse | None:
        drafts = queryset.filter(state=PriceRule.State.DRAFT).order_by("pk").values_list("pk", flat=True)
        chosen = list(drafts[: AT_ONCE + 1])
        if not chosen:
            messages.warning(request, "None of these is a draft. Only drafts can be simulated.")
            return None
        if len(chosen) > AT_ONCE:
            messages.error(request, f"Choose at most {AT_ONCE:,}.")
            return None
        form = reverse("admin:pricing_simulation_new_simulation")
        return HttpResponseRedirect(f"{form}?drafts={','.join(map(str, chosen))}")

    @admin.action(description="Activate", permissions=["activate"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> None:
        rules = list(queryset.order_by("wall_from", "pk")[: AT_ONCE + 1])
        if len(rules) > AT_ONCE:
            messages.error(request, f"Choose at most {AT_ONCE:,}.")
            return
        by, at = person(request), now()
        for_each(request, rules, lambda rule: activate(rule, by=by, at=at), done="Activated")
        for rule in rules:
            for words in unmatched(rule):
                messages.warning(request, f"{rule}: {words if words.endswith('?') else f'{words}.'}")

    def _export_all(self, request: HttpRequest) -> HttpResponseBase:
        return _workbook(PriceRule.objects.exclude(state=PriceRule.State.RETIRED))

    export_all: Any = action(
        _export_all, permissions=["view"], description="Export", icon="download", url_path="export"
    )

    def _import_rules(self, request: HttpRequest) -> HttpResponse:
        form = SheetForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sheet = form.cleaned_data["sheet"]
            return HttpResponseRedirect(
                address_of(start_import(sheet.read(), name=sheet.name, by=person(request), at=now()))
            )
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import price rules",
            "form": form,
            "back": list_of("pricing.pricerule"),
            "imports": list_of("pricing.ruleimport"),
        }
        return render(request, "pricing/import_rules.html", page)

    import_rules: Any = action(
        _import_rules, permissions=["import"], description="Import", icon="upload", url_path="import"
    )


def _workbook(rules: QuerySet[PriceRule]) -> HttpResponseBase:
    return xlsx_response("price-rules.xlsx", "Price rules", COLUMNS, map(cells_of, _whole(rules)))


def _whole(rules: QuerySet[PriceRule]) -> Iterable[PriceRule]:
    related = ("customer", "product", "source", "action_type")
    return rules.select_related(*related).prefetch_related("tiers").order_by("pk").iterator(chunk_size=1_000)
