"""The pages of leads."""

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    chip,
    content,
    delivered,
    instant,
    link,
    number,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.filters import DayFilter
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from leads.domain.access.contacts import HIDDEN, OF_A_PERSON, look_at_contacts, masked, may_see_contacts
from leads.models import Action, Lead
from leads.queries.search import leads_named


class LeadDays(DayFilter):
    """Filters leads by the day they were received."""

    title = "day it was received"
    parameter_name = "received"
    at = "received_at"
    zone = "product__customer__time_zone"


class ActionRows(ReadOnlyRows):
    """The actions of the lead."""

    model = Action
    verbose_name_plural = "actions"
    fields = ("shown_action", "shown_type", "occurred", "shown_quantity", "shown_period")
    ordering = ("occurred_at", "pk")
    related = ("action_type", "period__customer")

    shown_action = column(link, title="action")
    shown_type = column(str, "action_type.name", title="type")
    occurred = column(instant, "occurred_at", "period.customer.zone", title="occurred")
    shown_quantity = column(number, "quantity", title="quantity")
    shown_period = column(link, "period", "period.label", title="period")


@admin.register(Lead)
class LeadAdmin(ReadOnlyPage[Lead]):
    is_large = True
    nothing_yet = "No leads have been received yet. Sources send them through the API or as files."
    list_display = ("shown_id", "shown_person", "firm", "shown_product", "shown_source", "shown_test", "received")
    list_offered = ("shown_customer", "campaign", "occurred", "shown_delivery")
    list_filter = (
        LeadDays,
        ("source", AutocompleteSelectFilter),
        ("product", AutocompleteSelectFilter),
        "is_test",
    )
    related = ("source", "product__customer")
    search_fields = ("external_id",)
    search_help_text = "ID or email address (or its beginning), or phone number starting with +"
    ordering = ("-pk",)
    inlines = (ActionRows,)
    fieldsets = (
        (None, {"fields": (("external_id", "shown_source"), ("shown_product", "shown_customer"), "shown_test")}),
        ("Person", {"fields": (("shown_name", "shown_email"), ("firm", "shown_phone"), ("country", "region"))}),
        (
            "Origin",
            {"fields": ("campaign", ("occurred", "received"), "shown_delivery", "attributes_in_words")},
        ),
    )

    shown_id = column(shortened, "external_id", title="lead")
    shown_person = column(lambda lead: shortened(masked(lead.email or lead.name)), title="person")
    shown_name = column(lambda lead: _contact(lead, lead.name), title="name", empty=NOTHING)
    shown_email = column(lambda lead: _contact(lead, lead.email), title="email", empty=NOTHING)
    shown_phone = column(lambda lead: _contact(lead, lead.phone), title="phone", empty=NOTHING)
    shown_product = column(link, "product", title="product")
    shown_customer = column(link, "product.customer", title="customer")
    shown_source = column(link, "source", title="source")
    shown_test = column(lambda is_test: chip("Test", "blue") if is_test else NOTHING, "is_test", title="test")
    received = column(instant, "received_at", "product.customer.zone", title="received")
    occurred = column(instant, "occurred_at", "product.customer.zone", title="showed interest")
    shown_delivery = column(lambda lead: delivered(lead.delivery_id, lead=lead.pk), title="delivery")
    attributes_in_words = column(
        lambda lead: content(lead.attributes) if lead.shows_contacts else HIDDEN, title="attributes"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        """Each lead knows whether this user may see whose it is."""
        shows_contacts = Value(may_see_contacts(request.user), output_field=BooleanField())
        return super().get_queryset(request).annotate(shows_contacts=shows_contacts)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        lead: Lead = kwargs["obj"]
        if may_see_contacts(request.user) and any((lead.name, lead.email, lead.phone, lead.attributes)):
            look_at_contacts(lead, by=person(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def hidden_columns(self, request: HttpRequest) -> frozenset[str]:
        hidden = super().hidden_columns(request)
        return hidden if may_see_contacts(request.user) else hidden | OF_A_PERSON

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        by_person = may_see_contacts(request.user)
        named = queryset.filter(leads_named(search_term, by_person=by_person)) if search_term.strip() else queryset
        return named, False


def _contact(lead: Any, contact: str) -> str:
    return contact if lead.shows_contacts else masked(contact)
