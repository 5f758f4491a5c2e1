"""Admin pages of charges."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import (
    NOTHING,
    action_cell,
    amount,
    chip,
    instant,
    link,
    link_to,
    number,
    page_of,
    price,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.instants import instant_in_words
from leads.domain.access.contacts import may_see_contacts
from leads.queries.search import actions_named
from pricing.admin.action_days import DaysOfItsAction
from pricing.admin.action_outcome import price_of, reason_chip
from pricing.admin.charge_filters import BY_MONTH, BY_PERIOD, ByActionType, ByCap, ByReason, ByRule, OfCustomer
from pricing.domain.audit.explain import explain
from pricing.domain.rate.inputs import model_of
from pricing.models import Charge

THE_ACTION: Any = (
    "The action",
    {
        "fields": (
            ("shown_action", "shown_type"),
            ("shown_lead", "shown_source"),
            ("shown_product", "occurred"),
            ("shown_quantity", "shown_value"),
            "shown_period",
        )
    },
)
PRICED: Any = ("shown_amount", "outcome"), ("shown_full_amount", "cap_in_words"), ("shown_rule", "before")
COVERED: Any = ("shown_amount", "outcome"), ("shown_rule", "before"), "shown_paid_by"
EXCLUDED: Any = (("shown_amount", "outcome"),)


@admin.register(Charge)
class ChargeAdmin(ReadOnlyPage[Charge]):
    is_large = True
    nothing_yet = "No actions have been rated yet. Charges appear within seconds of their actions."
    change_form_template = "pricing/charge.html"
    list_display = (
        "shown_deed",
        "shown_lead",
        "occurred",
        "shown_quantity",
        "shown_customer",
        "shown_label",
        "shown_rule",
        "shown_outcome",
    )
    list_offered = ("shown_source", "shown_product", "shown_full_amount", "shown_value")
    list_filter = (
        DaysOfItsAction,
        ("action__period", AutocompleteSelectFilter),
        ("action__period__customer", OfCustomer),
        ("action__lead__product", AutocompleteSelectFilter),
        ("action__action_type", ByActionType),
        ("rule", ByRule),
        ("reason", ByReason),
        ByCap,
    )
    related = (
        "action__action_type",
        "action__lead__source",
        "action__lead__product",
        "period__customer",
        "rule",
        "paid_by__action_type",
    )
    search_fields = ("action__external_id",)
    search_help_text = "Action id, lead id or email address"
    fieldsets = ((None, {"fields": (*PRICED, "shown_paid_by")}), THE_ACTION)

    shown_deed = column(action_cell, "action.action_type", "action", title="action")
    shown_action = column(link, "action", title="action")
    shown_type = column(str, "action.action_type.name", title="type")
    shown_lead = column(link, "action.lead", title="lead")
    shown_source = column(link, "action.lead.source", title="source")
    shown_product = column(link, "action.lead.product", title="product")
    occurred = column(instant, "action.occurred_at", "period.customer.zone", title="occurred")
    shown_quantity = column(number, "action.quantity", title="quantity")
    shown_period = column(link, "period", title="period")
    shown_customer = column(link, "period.customer", title="customer")
    shown_label = column(link, "period", "period.label", title="period")
    shown_rule = column(link, "rule", title="rule")
    outcome = column(reason_chip, title="outcome")
    shown_amount = column(price, "amount", "period.customer.currency", title="amount")
    shown_full_amount = column(price, "full_amount", "period.customer.currency", title="before any cap")
    shown_value = column(price, "action.value", "period.customer.currency", title="value", empty=NOTHING)

    def get_fieldsets(self, request: HttpRequest, obj: Charge | None = None) -> Any:
        """A charged action shows its counts and caps; one paid for by another shows which."""
        excluded = COVERED if obj and obj.rule_id else EXCLUDED
        fields = excluded if obj and obj.reason else PRICED
        return (None, {"fields": fields}), *self.fieldsets[1:]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == BY_MONTH or super().lookup_allowed(lookup, value, request)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        in_time = BY_PERIOD in request.GET or DaysOfItsAction.is_asked_for(request)
        return ("action__occurred_at", "action_id") if in_time else ("-action_id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Charge], search_term: str
    ) -> tuple[QuerySet[Charge], bool]:
        if not search_term.strip():
            return queryset, False
        by_person = may_see_contacts(request.user)
        return queryset.filter(actions_named(search_term, path="action", by_person=by_person)), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["sentences"] = explain(kwargs["obj"]).sentences
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="amount")
    def shown_outcome(self, charge: Charge) -> SafeString:
        if charge.reason:
            return amount(reason_chip(charge))
        price = price_of(charge, charge.period.customer.currency)
        return amount(format_html("{} {}", chip("Capped", "blue"), price) if charge.cuts else price)

    @admin.display(description="capped by")
    def cap_in_words(self, charge: Charge) -> SafeString | str:
        currency = charge.period.customer.currency
        cuts = ((chip(cap.label, "blue"), money.price_in_words(cut, currency)) for cap, cut in charge.cuts)
        return format_html_join(", ", "{} −{}", cuts) or NOTHING

    @admin.display(description="counted before")
    def before(self, charge: Charge) -> SafeString | str:
        if charge.rule and model_of(charge.rule).is_of_value:
            words = money.price_in_words(charge.value_before or money.ZERO, charge.period.customer.currency)
            return f"a value of {words}"
        return number(charge.quantity_before)

    @admin.display(description="paid by")
    def shown_paid_by(self, charge: Charge) -> SafeString | str:
        """The action whose charge also pays for this one, or the lead's highest-priced action."""
        paid = charge.paid_by
        if paid is None:
            return NOTHING
        when = instant_in_words(paid.occurred_at, charge.period.customer.zone)
        return link_to(page_of("pricing.charge", paid.pk), f"{paid.action_type} {paid}, {when}")
