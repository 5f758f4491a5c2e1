"""The API keys of customers: on the customer's page, where they are created, and on a page of their own, to revoke them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from billing_engine.core.admin_kit.cells import address_of, code, link
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.admin.credentials.columns import ShownCredential
from leads.admin.credentials.forms import WithEnd
from leads.admin.credentials.rows import CredentialRows
from leads.admin.credentials.shown_once import new_customer_key_page
from leads.domain.memberships.keys import NAME_LENGTH, create_customer_key, revoke_customer_key
from leads.models import Customer, CustomerKey


class NewKeyForm(WithEnd):
    """What a new key of a customer is for, who answers for it, and what it may do."""

    name = forms.CharField(
        max_length=NAME_LENGTH, help_text="What it is for, such as Warehouse.", widget=UnfoldAdminTextInputWidget()
    )
    contact = forms.EmailField(
        label="Contact of the customer",
        help_text="Who answers for it: disputes opened with the key name this address.",
        widget=UnfoldAdminEmailInputWidget(),
    )
    may_dispute = forms.BooleanField(
        label="May open and follow disputes", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    field_order = ("name", "contact", "may_dispute", "end")


class ShownCustomerKey(ShownCredential):
    """The columns of a customer's keys."""

    shown_customer = column(link, "customer", title="customer")
    linked = column(link, lambda key: key, title="key")
    shown = column(code, "shown", title="key")
    named = column(str, "name", title="name")
    may = column(str, "may_in_words", title="may")
    answers = column(str, "contact", title="contact")
    used_from = column(lambda address: address or "never", "last_used_from", title="from")


class CustomerKeyRows(ShownCustomerKey, CredentialRows):
    model = CustomerKey
    verbose_name_plural = "API keys"
    pages = "leads_customerkey"
    links = ("Revoke",)
    fields = ("linked", "may", "state", "last_used", "buttons")


@admin.register(CustomerKey)
class CustomerKeyAdmin(ShownCustomerKey, ReadOnlyPage[CustomerKey]):
    """Reached from the customer, not from the menu."""

    list_display = ("shown", "named", "shown_customer", "state", "created", "last_used")
    list_filter = (("customer", AutocompleteSelectFilter),)
    related = ("customer", "created_by")
    ordering = ("-pk",)
    fields: Any = (
        *("shown_customer", "named", "shown", "may", "answers", "state", "created", "creator"),
        *("last_used", "used_from", "ended"),
    )
    actions_detail = ("revoke",)

    @button(
        "Revoke",
        permission="leads.change_customerkey",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda key: key.is_usable(now()),
        asks=Dialog(
            title=lambda key: f"Revoke the key {key}?",
            says=lambda key: f"Requests of {key.customer} with this key are refused from now on. You can't undo this.",
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, key: CustomerKey, answers: dict[str, Any]) -> Done:
        revoke_customer_key(key, by=person(request), at=now())
        return Done(f"The key {key} is revoked.", address_of(key.customer))


class KeyButtons:
    """The button of the customer's page that creates a key."""

    @button(
        "New API key",
        permission="leads.add_customerkey",
        icon="key",
        asks=Dialog(
            title="Create an API key?",
            says=lambda customer: (
                f"Anyone who has the key can read what {customer} sees in its portal. The full key is shown only once, in the"
                " next step. Its administrators can create keys themselves, under Settings."
            ),
            submit="Create key",
            form=NewKeyForm,
        ),
    )
    def new_api_key(self, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> HttpResponse:
        asked = {name: answers[name] for name in ("name", "contact", "may_dispute")}
        _, plaintext = create_customer_key(customer, **asked, expires_at=answers["end"], by=person(request), at=now())
        return new_customer_key_page(self, request, customer, plaintext)
