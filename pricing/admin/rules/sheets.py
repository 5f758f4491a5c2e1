"""Price rules as a spreadsheet: export, import after a dry run, and activation of many at once."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import chip, chips, link, list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import csv_response
from billing_engine.core.tables.read import read_sheet
from billing_engine.core.tables.xlsx import xlsx_response
from pricing.admin.rules.page import warning_with_links
from pricing.domain.rule_book.rules import activate
from pricing.domain.rule_book.sheet.columns import COLUMNS, cells_of
from pricing.domain.rule_book.sheet.plan import CHANGED, NEW, REVISION, SAME, Plan, apply, plan, preview
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.domain.scope.fit import LastMonth, unmatched
from pricing.models import PriceRule

ROWS_AT_MOST = 2_000  # each is a form on the page
BYTES_AT_MOST = 5 * 1024 * 1024
GOOD_ROWS_SHOWN = 100
AT_ONCE = 500
SALT = "a sheet of price rules"
AN_HOUR = 3_600


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
            raise forms.ValidationError(f"At most {BYTES_AT_MOST // 1024 // 1024} MB.")
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
        if request.method == "POST" and "confirmed" in request.POST:
            return self._confirmed(request)
        form = SheetForm(request.POST or None, request.FILES or None)
        page: dict[str, Any] = {"form": form, "title": "Import price rules"}
        if request.method == "POST" and form.is_valid():
            try:
                rows = read_sheet(form.cleaned_data["sheet"].read(), most=ROWS_AT_MOST)
                page |= _dry_run(plan(rows)) | {"kept": signing.dumps(rows, salt=SALT, compress=True)}
            except Refused as refusal:
                form.add_error("sheet", str(refusal))
        return self._import_page(request, page)

    import_rules: Any = action(
        _import_rules, permissions=["import"], description="Import", icon="upload", url_path="import"
    )

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        """The rows of the dry run, planned again, in case something has changed."""
        try:
            rows = signing.loads(request.POST["confirmed"], salt=SALT, max_age=AN_HOUR)
            plans = plan([(number, cells) for number, cells in rows])
            done = apply(plans, by=person(request))
        except signing.BadSignature:
            messages.error(request, "This dry run has expired. Choose the file again.")
            return self._import_page(request, {"form": SheetForm()})
        except Refused as refusal:
            messages.error(request, str(refusal))
            page = _dry_run(plans) | {"form": SheetForm(), "kept": request.POST["confirmed"]}
            return self._import_page(request, page)
        imported = ", ".join(f"{count:,} × {what}" for what, count in done.items() if count) or "no changes"
        messages.success(request, f"Imported as drafts: {imported}. Review and simulate them, then activate them.")
        return HttpResponseRedirect(list_of("pricing.pricerule", state__exact="draft"))

    def _import_page(self, request: HttpRequest, page: dict[str, Any]) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back": list_of("pricing.pricerule"),
            **page,
        }
        return render(request, "pricing/import_rules.html", {"columns": list(COLUMNS), **whole})


def _workbook(rules: QuerySet[PriceRule]) -> HttpResponseBase:
    return xlsx_response("price-rules.xlsx", "Price rules", COLUMNS, map(cells_of, _whole(rules)))


def _whole(rules: QuerySet[PriceRule]) -> Iterable[PriceRule]:
    related = ("customer", "product", "source", "action_type")
    return rules.select_related(*related).prefetch_related("tiers").order_by("pk").iterator(chunk_size=1_000)


def _dry_run(plans: list[Plan]) -> dict[str, Any]:
    faulty = [each for each in plans if each.faults]
    good = [each for each in plans if not each.faults and each.does in (NEW, REVISION, CHANGED)]
    return {
        "is_dry_run": True,
        "faulty": [{"plan": each, "rule": link(each.rule) if each.rule else ""} for each in faulty],
        "good": _rows(good[:GOOD_ROWS_SHOWN]),
        "good_count": len(good),
        "left_out": max(0, len(good) - GOOD_ROWS_SHOWN),
        "unchanged": sum(not each.faults and each.does == SAME for each in plans),
    }


def _rows(good: list[Plan]) -> list[dict[str, Any]]:
    last_month = LastMonth.read(at=now()) if good else LastMonth([])
    return [_row(each, last_month) for each in good]


def _row(each: Plan, last_month: LastMonth) -> dict[str, Any]:
    return {
        "number": each.number,
        "name": each.name,
        "does": chip(each.does.capitalize(), "blue" if each.does == REVISION else "green"),
        "rule": link(each.rule) if each.rule else "",
        "changed": each.changed,
        **_previewed(each, last_month),
    }


def _previewed(each: Plan, last_month: LastMonth) -> dict[str, Any]:
    """The draft that would be created, and its warnings."""
    found = preview(each, at=now(), last_month=last_month)
    if found is None:
        return {}
    rule, warnings = found
    return {
        "begins": in_words(rule.wall_from) + (f" until {in_words(rule.wall_to)}" if rule.wall_to else ""),
        "price": price_in_words(rule),
        "scope": chips(scope_in_words(rule) or ["Everything"]),
        "warnings": [warning_with_links(warning) for warning in warnings],
    }
