"""What leads do, and the kinds of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import (
    NOTHING,
    block,
    chip,
    delivered,
    instant,
    link,
    number,
    page_of,
    pretty,
    shortened,
)
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button
from billing_engine.core.admin_kit.fields import WITHOUT_IDLE_ZEROS
from billing_engine.core.admin_kit.pages import Page, ReadOnlyPage
from leads.admin.day_filters import ActionDays, asks_for_days
from leads.admin.quarantine.item_page import step_in_words, steps_of
from leads.domain.catalogue import save_action_type
from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.domain.voiding import void
from leads.models import Action, ActionType
from leads.queries.search import actions_named


@admin.register(ActionType)
class ActionTypeAdmin(Page[ActionType]):
    list_display = ("name", "code", "unit", "billable")
    list_filter = ("is_billable",)
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    fields = (("name", "code"), "unit", "is_billable", ("largest_quantity", "largest_value"))
    formfield_overrides = WITHOUT_IDLE_ZEROS

    def save_model(self, request: HttpRequest, obj: ActionType, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_action_type(obj)

    @admin.display(description="billable", ordering="is_billable")
    def billable(self, kind: ActionType) -> SafeString:
        return chip("Billable", "green") if kind.is_billable else chip("Not billable")


def _what_a_void_does(action: Action) -> str:
    """What happens to its charge, and when."""
    if action.period.is_open:
        return "It is kept, and excluded from billing as voided, with your reason. You can't undo this."
    return (
        f"{action.period} is closed, so its charge stands for now. A draft is flagged until it is regenerated; what is"
        " issued is shown as to be credited. You can't undo this."
    )


class BeforeItsLead(DropdownFilter):
    """Actions that occurred before their lead did, as its source says."""

    title = "time"
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(BEFORE_ITS_LEAD, "Before its lead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Action]) -> QuerySet[Action]:
        return queryset.filter(early__isnull=False) if self.value() == BEFORE_ITS_LEAD else queryset


@admin.register(Action)
class ActionAdmin(ReadOnlyPage[Action]):
    nothing_yet = "No actions have been received yet. They arrive with the leads that sources send."
    list_display: tuple[str, ...] = (
        "shown_id",
        "action_type",
        "shown_lead",
        "shown_source",
        "occurred",
        "shown_quantity",
        "shown_customer",
        "shown_label",
        "state",
    )
    list_filter = (
        ActionDays,
        ("period", AutocompleteSelectFilter),
        ("action_type", AutocompleteSelectFilter),
        ("lead__source", AutocompleteSelectFilter),
        BeforeItsLead,
    )
    list_select_related: Any = ("action_type", "lead__source", "period__customer", "early")
    search_fields = ("external_id",)
    search_help_text = "Id, or its lead's id or e-mail address"
    actions_detail = ("void_action",)
    fieldsets: Any = (
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
        ("Where it stands", {"fields": (("shown_period", "state"), "shown_delivery", "conflicts_in_words")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Action]:
        found: QuerySet[Action] = super().get_queryset(request)
        return found.select_related(
            "action_type", "lead__source", "lead__product__customer", "period__customer", "early"
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Within a period its own index is in order of time, and days are read so; over all, the latest stored come first.
        in_time = "period__id__exact" in request.GET or asks_for_days(request, ActionDays)
        return ("-occurred_at", "-pk") if in_time else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Action], search_term: str
    ) -> tuple[QuerySet[Action], bool]:
        return (queryset.filter(actions_named(search_term)) if search_term.strip() else queryset), False

    @button(
        "Void",
        permission="leads.change_action",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=lambda action: action.voided_at is None,
        asks=Dialog(
            title="Void this action?",
            says=_what_a_void_does,
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def void_action(self, request: HttpRequest, action: Action, answers: dict[str, Any]) -> Done:
        void(action, reason=answers["reason"], at=now())
        return Done("Voided. Its period is rated again within seconds." if action.period.is_open else "Voided.")

    @admin.display(description="action")
    def shown_id(self, action: Action) -> SafeString | str:
        return shortened(action.external_id)

    @admin.display(description="lead")
    def shown_lead(self, action: Action) -> SafeString | str:
        if not hasattr(action, "early"):
            return link(action.lead)
        return format_html("{} {}", link(action.lead), chip("Before its lead", "orange"))

    @admin.display(description="source")
    def shown_source(self, action: Action) -> SafeString | str:
        return link(action.lead.source)

    @admin.display(description="product")
    def shown_product(self, action: Action) -> SafeString | str:
        return link(action.lead.product)

    @admin.display(description="customer")
    def shown_customer(self, action: Action) -> SafeString | str:
        return link(action.period.customer)

    @admin.display(description="occurred")
    def occurred(self, action: Action) -> SafeString | str:
        return instant(action.occurred_at, action.period.customer.zone)

    @admin.display(description="quantity")
    def shown_quantity(self, action: Action) -> SafeString | str:
        return number(action.quantity)

    @admin.display(description="value")
    def shown_value(self, action: Action) -> str:
        if action.value is None:
            return NOTHING
        return money.price_in_words(action.value, action.period.customer.currency)

    @admin.display(description="period")
    def shown_period(self, action: Action) -> SafeString | str:
        return link(action.period)

    @admin.display(description="period")
    def shown_label(self, action: Action) -> SafeString | str:
        return link(action.period, action.period.label)

    @admin.display(description="state")
    def state(self, action: Action) -> SafeString | str:
        if action.voided_at:
            said = f"Voided: {action.void_reason}" if action.void_reason else "Voided"
            return chip(f"{said} (after its period was closed)" if action.voided_after_close else said, "red")
        return chip("Stored")

    @admin.display(description="delivery")
    def shown_delivery(self, action: Action) -> SafeString | str:
        return delivered(action.delivery_id, action=action.pk)

    @admin.display(description="attributes")
    def attributes_in_words(self, action: Action) -> SafeString | str:
        return block(pretty(action.attributes)) if action.attributes else NOTHING

    @admin.display(description="conflicts")
    def conflicts_in_words(self, action: Action) -> SafeString | str:
        told = [(page_of("leads.quarantineditem", step.item_id), step_in_words(step)) for step in steps_of(action)]
        if not told:
            return NOTHING
        rows = format_html_join("", '<li><a class="text-link" href="{}">{}</a></li>', told)
        return format_html('<ul class="lb-wide">{}</ul>', rows)
