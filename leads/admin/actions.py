"""The pages of actions."""

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import (
    NOTHING,
    chip,
    content,
    delivered,
    instant,
    link,
    number,
    page_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.filters import DayFilter, Within
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.domain.access.contacts import HIDDEN, may_see_contacts
from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.domain.voiding import void
from leads.models import Action
from leads.queries.corrections import correction_in_words, corrections_of
from leads.queries.search import actions_named

BY_PERIOD = "period__id__exact"


def _effect_of_void(action: Action) -> str:
    """Explain what voiding does to the charge, and when."""
    if action.period.is_open:
        return "The action is kept but excluded from billing as voided, with your reason. You can't undo this."
    return (
        f"{action.period} is closed, so the charge stands for now. A draft invoice is flagged until it is regenerated; an"
        " issued one is shown as to be credited. You can't undo this."
    )


class ActionDays(DayFilter):
    """Filters actions by the day they occurred."""

    title = "day it occurred"
    parameter_name = "occurred"
    at = "occurred_at"
    zone = "period__customer__time_zone"


class BeforeItsLead(DropdownFilter):
    """Filters actions that, according to their source, occurred before their lead."""

    title = "time"
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(BEFORE_ITS_LEAD, "Before its lead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Action]) -> QuerySet[Action]:
        return queryset.filter(early__isnull=False) if self.value() == BEFORE_ITS_LEAD else queryset


class ByActionType(Within, AutocompleteSelectFilter):
    """Filters by type within a period, whose index names the type: a rare one may be anywhere."""

    scopes = (BY_PERIOD,)
    asks_for = "To filter actions by type, choose a period too."


@admin.register(Action)
class ActionAdmin(ReadOnlyPage[Action]):
    is_large = True
    nothing_yet = "No actions have been received yet. They arrive with the leads that sources send."
    list_display = (
        "shown_id",
        "action_type",
        "shown_lead",
        "shown_source",
        "occurred",
        "shown_quantity",
        "shown_customer",
        "shown_label",
    )
    list_offered = ("shown_product", "shown_value")
    list_filter = (
        ActionDays,
        ("period", AutocompleteSelectFilter),
        ("action_type", ByActionType),
        ("lead__source", AutocompleteSelectFilter),
        BeforeItsLead,
    )
    related = ("action_type", "lead__source", "lead__product__customer", "period__customer", "early")
    search_fields = ("external_id",)
    search_help_text = "ID, or the lead's ID or email address"
    actions_detail = ("void_action",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("external_id", "action_type"),
                    ("shown_lead", "shown_source"),
                    ("shown_product", "shown_customer"),
                )
            },
        ),
        ("What happened", {"fields": ("occurred", ("shown_quantity", "shown_value"), "attributes_in_words")}),
        ("Status", {"fields": ("shown_period", "state", "shown_delivery", "corrections_in_words")}),
    )

    shown_id = column(shortened, "external_id", title="action")
    shown_source = column(link, "lead.source", title="source")
    shown_product = column(link, "lead.product", title="product")
    shown_customer = column(link, "period.customer", title="customer")
    occurred = column(instant, "occurred_at", "period.customer.zone", title="occurred")
    shown_quantity = column(number, "quantity", title="quantity")
    shown_value = column(money.price_in_words, "value", "period.customer.currency", title="value", empty=NOTHING)
    shown_period = column(link, "period", title="period")
    shown_label = column(link, "period", "period.label", title="period")
    shown_delivery = column(lambda action: delivered(action.delivery_id, action=action.pk), title="delivery")
    attributes_in_words = column(
        lambda action: content(action.attributes) if action.shows_contacts else HIDDEN, title="attributes"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Action]:
        """Each action knows whether this user may see what a source says of a person."""
        shows_contacts = Value(may_see_contacts(request.user), output_field=BooleanField())
        return super().get_queryset(request).annotate(shows_contacts=shows_contacts)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Within a period or by day, an index gives the order of time; otherwise, the latest stored come first.
        in_time = BY_PERIOD in request.GET or ActionDays.is_asked_for(request)
        return ("-occurred_at", "-pk") if in_time else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Action], search_term: str
    ) -> tuple[QuerySet[Action], bool]:
        return (
            queryset.filter(actions_named(search_term, by_person=may_see_contacts(request.user)))
            if search_term.strip()
            else queryset
        ), False

    @button(
        "Void",
        permission="leads.change_action",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=lambda action: action.voided_at is None,
        asks=Dialog(
            title="Void this action?",
            says=_effect_of_void,
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def void_action(self, request: HttpRequest, action: Action, answers: dict[str, Any]) -> Done:
        void(action, reason=answers["reason"], by=person(request), at=now())
        return Done("Voided. Its period is rated again within seconds." if action.period.is_open else "Voided.")

    @admin.display(description="lead")
    def shown_lead(self, action: Action) -> SafeString | str:
        if not hasattr(action, "early"):
            return link(action.lead)
        return format_html("{} {}", link(action.lead), chip("Before its lead", "orange"))

    @admin.display(description="state")
    def state(self, action: Action) -> SafeString | str:
        if action.voided_at:
            said = f"Voided: {action.void_reason}" if action.void_reason else "Voided"
            return chip(f"{said} (after its period was closed)" if action.voided_after_close else said, "red")
        return chip("Stored")

    @admin.display(description="corrected")
    def corrections_in_words(self, action: Action) -> SafeString | str:
        """Return what people changed about it or its lead in quarantine."""
        corrections = corrections_of(action)
        if not corrections:
            return NOTHING
        told = [
            (page_of("leads.quarantineditem", one.step.item_id), f"{correction_in_words(one)} {one.step.note}")
            for one in corrections
        ]
        rows = format_html_join("", '<li><a class="text-link" href="{}">{}</a></li>', told)
        return format_html('<ul class="lb-wide">{}</ul>', rows)
