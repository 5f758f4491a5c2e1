"""Admin pages of unrated actions: no rule matches them, and they block the close of their period."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.bulk import AsksWhy, ask_why, for_each
from billing_engine.core.admin_kit.cells import NOTHING, action_cell, chip, instant, link, list_of, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from pricing.admin import unpriceable
from pricing.admin.action_days import DaysOfItsAction
from pricing.admin.unrated_actions.causes import (
    CAUSE,
    GROUPED_AT_MOST,
    GROUPS_SHOWN,
    cause_view,
    causes,
    new_rule,
    of_cause,
)
from pricing.domain.waive import waive
from pricing.models import UnratedAction

WAIVED_AT_ONCE = 1_000
WAIVE_MANY = AsksWhy(
    action="waive_selected",
    verb="Waive",
    noun="action",
    says="They are excluded from billing with the reason you give, and no longer block the close. Each stays in its lead's"
    " history.",
)


FILTERED = ("period", *CAUSE.values(), "action__lead__product", "action__lead__source")


@admin.register(UnratedAction)
class UnratedActionAdmin(ReadOnlyPage[UnratedAction]):
    is_large = True
    nothing_yet = "No unrated actions. Every action matches a rule."
    list_before_template = "pricing/unrated_top.html"
    list_display = (
        "shown_deed",
        "shown_customer",
        "shown_product",
        "shown_source",
        "occurred",
        "shown_quantity",
        "why",
        "make_a_rule",
    )
    list_filter = (
        DaysOfItsAction,
        ("code", ChoicesDropdownFilter),
        *((path, AutocompleteSelectFilter) for path in FILTERED),
    )
    fields = (
        ("shown_action", "shown_type"),
        ("shown_customer", "shown_period"),
        ("shown_product", "shown_source"),
        ("occurred", "shown_quantity"),
        ("why", "what_went_wrong"),
        "make_a_rule",
    )
    related = ("action__action_type", "action__lead__source", "action__lead__product", "period__customer")
    actions = ("waive_selected",)
    actions_detail = ("waive_action",)

    shown_deed = column(action_cell, "action.action_type", "action", title="action")
    shown_action = column(link, "action", title="action")
    shown_type = column(str, "action.action_type.name", title="type")
    shown_customer = column(link, "period.customer", title="customer")
    shown_product = column(link, "action.lead.product", title="product")
    shown_source = column(link, "action.lead.source", title="source")
    occurred = column(instant, "action.occurred_at", "period.customer.zone", title="occurred")
    shown_quantity = column(number, "action.quantity", title="quantity")
    what_went_wrong = column(str, "message", title="what went wrong", empty=NOTHING)
    shown_period = column(link, "period", "period.label", title="period")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("action__occurred_at", "action_id") if DaysOfItsAction.is_asked_for(request) else ("-action_id",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self._allowed(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: UnratedAction | None = None) -> Any:
        return self._allowed(request, self.fields)

    @staticmethod
    def _allowed(request: HttpRequest, names: tuple[Any, ...]) -> tuple[Any, ...]:
        """Link only for users who may create rules."""
        may_add = request.user.has_perm("pricing.add_pricerule")
        return tuple(name for name in names if may_add or name != "make_a_rule")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None)
        if shown and "cl" in shown:
            waiting = shown["cl"].queryset
            shown["groups"] = causes(waiting.exclude(code=unpriceable.UNPRICEABLE), at=now())
            shown["unpriceable"] = unpriceable.reasons(waiting)
            may_retry = request.user.has_perm("pricing.change_ratingattempts")
            shown["given_up"] = unpriceable.given_up(may_retry=may_retry)
            shown["grouped_at_most"], shown["groups_shown"] = GROUPED_AT_MOST, GROUPS_SHOWN
            listed = (*shown["groups"], *shown["unpriceable"])
            shown["is_cut"] = sum(group["count"] for group in listed) < shown["cl"].result_count
        return response

    def has_waive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_waiver")

    @admin.action(description="Waive with a reason", permissions=["waive"])
    def waive_selected(self, request: HttpRequest, queryset: QuerySet[UnratedAction]) -> HttpResponse | None:
        rows = list(queryset[: WAIVED_AT_ONCE + 1])
        if len(rows) > WAIVED_AT_ONCE:
            messages.error(request, f"Choose at most {WAIVED_AT_ONCE:,}. Perhaps a price rule is missing?")
            return None
        form = WithReason(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return ask_why(self, request, form, rows, WAIVE_MANY)
        note, by, at = form.cleaned_data["reason"], person(request), now()
        for_each(
            request,
            rows,
            lambda row: waive(row.action, note=note, by=by, at=at),
            done="Waived. They leave this list within seconds",
        )
        return None

    @button(
        "Waive",
        permission="pricing.add_waiver",
        icon="money_off",
        asks=Dialog(
            title="Waive this action?",
            says="It is excluded from billing with your reason, and no longer blocks the close of its period.",
            form=WithReason,
        ),
    )
    def waive_action(self, request: HttpRequest, row: UnratedAction, answers: dict[str, Any]) -> Done:
        waive(row.action, note=answers["reason"], by=person(request), at=now())
        return Done("Waived. They leave this list within seconds.", list_of("pricing.unratedaction"))

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "pricing_unratedaction"
        return [
            path("waive/", wrap(self.waive_group), name=f"{name}_waive_group"),
            path("rule/", wrap(self.rule_of_cause), name=f"{name}_rule"),
            *super().get_urls(),
        ]

    @needs("pricing.add_pricerule")
    def rule_of_cause(self, request: HttpRequest) -> HttpResponse:
        """One rule, or a draft for each product, from what is missing."""
        return cause_view(self, request)

    @needs("pricing.add_waiver")
    def waive_group(self, request: HttpRequest) -> HttpResponse:
        """The same as selecting a whole group in the list."""
        chosen = of_cause(request).select_related("action", "period__customer").order_by("action_id")
        refused = self.waive_selected(request, chosen)
        return refused or HttpResponseRedirect(list_of("pricing.unratedaction"))

    @admin.display(description="why")
    def why(self, row: UnratedAction) -> SafeString:
        return chip(row.get_code_display(), "red" if row.code == unpriceable.UNPRICEABLE else "plain")

    @admin.display(description="")
    def make_a_rule(self, row: UnratedAction) -> SafeString:
        lead, customer = row.action.lead, row.period.customer
        scope = {"customer": customer.pk, "action_type": row.action.action_type_id, "product": lead.product_id}
        since = row.action.occurred_at.astimezone(customer.zone).date()
        address = new_rule(scope | {"source": lead.source_id}, currency=customer.currency, since=since)
        return format_html('<a class="text-link whitespace-nowrap" href="{}">Make a rule</a>', address)
