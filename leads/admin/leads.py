"""Who showed interest, in what, and what they did."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    block,
    chip,
    delivered,
    instant,
    link,
    number,
    pretty,
    shortened,
)
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from leads.admin.day_filters import LeadDays
from leads.models import Action, Lead
from leads.queries.search import leads_named


class ActionRows(ReadOnlyRows):
    """What the lead did."""

    model = Action
    verbose_name_plural = "actions"
    fields: tuple[str, ...] = ("shown_action", "shown_type", "occurred", "shown_quantity", "shown_period")
    readonly_fields: tuple[str, ...] = fields
    ordering = ("occurred_at", "pk")
    related: tuple[str, ...] = ("action_type", "period__customer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Action]:
        found: QuerySet[Action] = super().get_queryset(request)
        return found.select_related(*self.related)

    @admin.display(description="action")
    def shown_action(self, action: Action) -> SafeString | str:
        return link(action)

    @admin.display(description="type")
    def shown_type(self, action: Action) -> str:
        return action.action_type.name

    @admin.display(description="occurred")
    def occurred(self, action: Action) -> SafeString | str:
        return instant(action.occurred_at, action.period.customer.zone)

    @admin.display(description="quantity")
    def shown_quantity(self, action: Action) -> SafeString | str:
        return number(action.quantity)

    @admin.display(description="period")
    def shown_period(self, action: Action) -> SafeString | str:
        return link(action.period, action.period.label)


@admin.register(Lead)
class LeadAdmin(ReadOnlyPage[Lead]):
    nothing_yet = "No leads have been received yet. Sources send them through the API or as files."
    list_display = ("shown_id", "shown_person", "firm", "shown_product", "shown_source", "shown_test", "received")
    list_filter = (
        LeadDays,
        ("source", AutocompleteSelectFilter),
        ("product", AutocompleteSelectFilter),
        "is_test",
    )
    list_select_related = ("source", "product")
    search_fields = ("external_id",)
    search_help_text = "Id or e-mail address, or the beginning of one; or a phone number with its +"
    ordering = ("-pk",)
    inlines: Any = (ActionRows,)
    fieldsets = (
        (None, {"fields": (("external_id", "shown_source"), ("shown_product", "shown_customer"), "shown_test")}),
        ("Person", {"fields": (("name", "email"), ("firm", "phone"), ("country", "region"))}),
        (
            "Where it came from",
            {"fields": ("campaign", ("occurred", "received"), "shown_delivery", "attributes_in_words")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        return super().get_queryset(request).select_related("source", "product__customer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        return (queryset.filter(leads_named(search_term)) if search_term.strip() else queryset), False

    @admin.display(description="lead")
    def shown_id(self, lead: Lead) -> SafeString | str:
        return shortened(lead.external_id)

    @admin.display(description="person")
    def shown_person(self, lead: Lead) -> SafeString | str:
        return shortened(lead.email or lead.name)

    @admin.display(description="product")
    def shown_product(self, lead: Lead) -> SafeString | str:
        return link(lead.product)

    @admin.display(description="customer")
    def shown_customer(self, lead: Lead) -> SafeString | str:
        return link(lead.product.customer)

    @admin.display(description="source")
    def shown_source(self, lead: Lead) -> SafeString | str:
        return link(lead.source)

    @admin.display(description="test")
    def shown_test(self, lead: Lead) -> SafeString | str:
        return chip("Test", "blue") if lead.is_test else NOTHING

    @admin.display(description="received")
    def received(self, lead: Lead) -> SafeString | str:
        return instant(lead.received_at, lead.product.customer.zone)

    @admin.display(description="interest shown")
    def occurred(self, lead: Lead) -> SafeString | str:
        return instant(lead.occurred_at, lead.product.customer.zone)

    @admin.display(description="delivery")
    def shown_delivery(self, lead: Lead) -> SafeString | str:
        return delivered(lead.delivery_id, lead=lead.pk)

    @admin.display(description="attributes")
    def attributes_in_words(self, lead: Lead) -> SafeString | str:
        return block(pretty(lead.attributes)) if lead.attributes else NOTHING
