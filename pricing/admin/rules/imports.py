"""The pages of imports of price rules: progress, the dry run by row and column, and what was created."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    Colour,
    chip,
    chips,
    instant,
    link_to,
    list_of,
    number,
    page_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import FollowedPage
from billing_engine.core.queues.progress import percent
from pricing.domain.rule_book.sheet.imports import (
    check_may_be_applied,
    confirm_import,
    discard_import,
    may_be_discarded,
)
from pricing.domain.rule_book.sheet.plan import REVISION
from pricing.models import PriceRule, RuleImport

CHANGE = "pricing.change_pricerule"
State = RuleImport.State
COLOURS: dict[str, Colour] = {
    State.WAITING: "blue",
    State.CHECKED: "orange",
    State.APPLYING: "blue",
    State.APPLIED: "green",
    State.FAILED: "red",
    State.DISCARDED: "plain",
}


def is_in_progress(item: RuleImport) -> bool:
    return item.state in (State.WAITING, State.APPLYING)


def state_chip(item: RuleImport) -> SafeString:
    """Its state; a checked file with faults says so."""
    if item.state == State.CHECKED and item.report["faulty_rows"]:
        return chip("Has faults", "red")
    return chip(item.get_state_display(), COLOURS[item.state])


@admin.register(RuleImport)
class RuleImportAdmin(FollowedPage[RuleImport]):
    """A page that is reached from Import, not from the menu."""

    change_form_template = "pricing/rule_import.html"
    list_display = ("shown_name", "state_chip", "shown_rows", "uploaded", "uploader")
    list_display_links = ("shown_name",)
    related = ("uploaded_by",)
    ordering = ("-pk",)
    fields = (("uploaded", "uploader"),)
    actions_detail: Any = ("apply_import", "discard_import")
    nothing_yet = "No imports yet. Choose Import above the list of price rules."

    shown_name = column(shortened, "name", title="file", order="name")
    state_chip = column(state_chip, title="state")
    shown_rows = column(number, "rows", title="rows")
    uploaded = column(instant, "uploaded_at", title="uploaded", order="uploaded_at")
    uploader = column(str, "uploaded_by", title="by", empty=NOTHING)

    class Media:
        css = {"all": ["pricing/rules.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleImport]:
        return super().get_queryset(request).defer("body")

    def is_busy(self, row: RuleImport) -> bool:
        return is_in_progress(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item: RuleImport = kwargs["obj"]
        context["state"] = state_chip(item)
        context["percent"] = percent(item.rows_checked, item.rows) if item.rows else 0
        context["report"] = shown_report(item)
        context["upload"] = reverse("admin:pricing_pricerule_import_rules")
        context["drafts"] = list_of("pricing.pricerule", state__exact="draft")
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Apply",
        permission=CHANGE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=lambda item: item.state == State.CHECKED,
        guard=check_may_be_applied,
        asks=Dialog(
            title=lambda item: f"Create {_counted(item.report.get('draft_count', 0))}?",
            says="All drafts are created, or none. Rules in force do not change until you activate the drafts.",
        ),
    )
    def apply_import(self, request: HttpRequest, item: RuleImport, answers: dict[str, Any]) -> Done:
        confirm_import(item, by=person(request), at=now())
        return Done("The drafts are being created.")

    @button(
        "Discard",
        permission=CHANGE,
        icon="delete",
        offered=may_be_discarded,
        asks=Dialog(title="Discard this import?", says="A dry run in progress stops. Nothing was imported."),
    )
    def discard_import(self, request: HttpRequest, item: RuleImport, answers: dict[str, Any]) -> Done:
        discard_import(item, by=person(request))
        return Done("Discarded.")


def shown_report(item: RuleImport) -> dict[str, Any]:
    """The report with links to the rules that still exist."""
    report = item.report
    if not report:
        return {}
    shown = report["drafts"]
    named = [each.get(kind) for each in shown for kind in ("rule", "draft")]
    warned = [pk for each in shown for warning in each["warnings"] for pk, _ in warning["rules"]]
    names = dict(PriceRule.objects.filter(pk__in={*named, *warned} - {None}).values_list("pk", "name"))
    drafts = [_row(each, names) for each in shown]
    return {**report, "drafts": drafts, "left_out": report["draft_count"] - len(shown)}


def _row(each: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    return {
        **each,
        "does": chip(each["does"].capitalize(), "blue" if each["does"] == REVISION else "green"),
        "name": _rule(each.get("draft") or each["rule"], each["name"], names),
        "scope": chips(each["scope"]),
        "warnings": [_warning(warning, names) for warning in each["warnings"]],
    }


def _rule(pk: int | None, name: str, names: dict[int, str]) -> SafeString | str:
    return link_to(page_of("pricing.pricerule", pk), name) if pk in names else name


def _warning(warning: dict[str, Any], names: dict[int, str]) -> SafeString:
    if not warning["rules"]:
        return format_html("{}", warning["sentence"])
    rules = format_html_join(", ", "“{}”", ((_rule(pk, name, names),) for pk, name in warning["rules"]))
    return format_html("{}: {}.", warning["words"], rules)


def _counted(drafts: int) -> str:
    return f"{drafts:,} draft{'' if drafts == 1 else 's'}"
