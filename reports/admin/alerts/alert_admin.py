"""The pages of alerts: what was found, whether it is still so, and the way to the figure."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    Colour,
    address_of,
    chip,
    instant,
    link,
    link_to,
    list_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from reports.domain.alerts.kinds import RULES, seen_kinds
from reports.models import Alert, AlertKind, AlertSubscription

COLOURS: dict[str, Colour] = {AlertKind.SILENCE.value: "red", AlertKind.SPEND.value: "blue"}


def figure_of(alert: Alert) -> str:
    """The address of what the alert is about."""
    if alert.kind == AlertKind.SILENCE:
        return reverse("admin:reports_source", args=[alert.source.code]) if alert.source else ""
    if alert.kind == AlertKind.QUARANTINE:
        return list_of("leads.quarantineditem", source__id__exact=alert.source_id)
    if alert.kind == AlertKind.UNRATED:
        return list_of("pricing.unratedaction", period__customer__id__exact=alert.customer_id)
    return address_of(alert.customer) if alert.customer else ""


class ByState(DropdownFilter):
    """Filters by whether the cause is still there; shows open alerts by default."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved"), ("all", "All")]

    def value(self) -> str:
        return super().value() or "open"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        value = self.value()
        return queryset if value == "all" else queryset.filter(resolved_at__isnull=value != "resolved")


class Mine(DropdownFilter):
    """Filters by what the person has chosen to hear of."""

    title = "chosen by me"
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        if self.value() != "yes":
            return queryset
        mine = Q(pk__in=[])
        for kind, customer, source in AlertSubscription.objects.filter(person=person(request)).values_list(
            "kind", "customer", "source"
        ):
            of = {"customer": customer} if customer else {"source": source} if source else {}
            mine |= Q(kind=kind, **of)
        return queryset.filter(mine)


@admin.register(Alert)
class AlertAdmin(ReadOnlyPage[Alert]):
    nothing_yet = "No alerts. Nothing has been found that people should know of."
    list_before_template = "reports/alerts_top.html"
    list_display = ("shown_title", "shown_kind", "shown_of", "opened", "shown_state")
    list_filter = (
        ByState,
        Mine,
        ("kind", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
        ("source", AutocompleteSelectFilter),
    )
    related = ("customer", "source")
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("whole_title", "words", ("shown_of", "figure"), ("opened", "resolved"))}),
        ("Rule", {"fields": ("shown_kind", "rule")}),
    )

    shown_title = column(lambda alert: shortened(alert.title, fits=90), title="alert")
    whole_title = column(str, "title", title="alert")
    shown_kind = column(lambda kind: chip(AlertKind(kind).label, COLOURS.get(kind, "orange")), "kind", title="kind")
    shown_of = column(link, lambda alert: alert.customer or alert.source, title="about")
    opened = column(instant, "opened_at", title="opened", order="opened_at")
    resolved = column(lambda alert: instant(alert.resolved_at) if alert.resolved_at else "Not yet", title="resolved")
    shown_state = column(
        lambda resolved: chip("Resolved") if resolved else chip("Open", "orange"), "resolved_at", title="state"
    )
    rule = column(lambda kind: RULES[kind].words, "kind", title="rule")
    figure = column(lambda alert: link_to(figure_of(alert), "Show") if figure_of(alert) else NOTHING, title="figure")

    class Media:
        css = {"all": ["reports/sources.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """The alerts whose figures the person may see."""
        return super().get_queryset(request).filter(kind__in=[rule.kind for rule in seen_kinds(request.user)])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        settings = {"settings": reverse("admin:reports_alert_settings")}
        return super().changelist_view(request, settings | (extra_context or {}))


in_menu("Waiting", 60, list_item("Alerts", "notifications", "reports.alert"))
