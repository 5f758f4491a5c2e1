"""The form of an endpoint."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from leads.models import Customer
from receivables.domain.webhooks.endpoints import Wanted
from receivables.models import EventKind, WebhookEndpoint
from receivables.models.webhook import MAX_ADDRESS

MOST_HOURS = 24 * 90


class EndpointForm(forms.Form):
    """Where events go, which, and of whom."""

    name = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget({"autofocus": True}))
    url = forms.CharField(
        label="Address",
        max_length=MAX_ADDRESS,
        help_text="It starts with https:// and is reachable from the internet.",
        widget=UnfoldAdminTextInputWidget({"inputmode": "url", "autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Events", choices=EventKind.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    unrated_hours = forms.IntegerField(
        label="Hours unrated",
        min_value=1,
        max_value=MOST_HOURS,
        help_text="How long an action is unrated before “Unrated actions are waiting” is sent.",
        widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}),
    )


class NewEndpointForm(EndpointForm):
    """The same, with the customer, which stays."""

    customer = forms.CharField(
        required=False,
        max_length=100,
        help_text="The code of one customer. Leave empty for events of every customer. It can’t be changed later.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    field_order = ("name", "url", "customer", "kinds", "unrated_hours")

    def clean_customer(self) -> Customer | None:
        """Find the customer by its code."""
        code = self.cleaned_data["customer"].strip()
        if not code:
            return None
        found = Customer.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(f"No customer has the code {code}.")
        return found


def values_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return the values that the form starts with."""
    return {name: getattr(endpoint, name) for name in EndpointForm.base_fields}


def wanted(answers: dict[str, Any], endpoint: WebhookEndpoint | None = None) -> Wanted:
    """Return what the person entered; the customer of an endpoint stays."""
    return Wanted(**{"customer": endpoint.customer if endpoint else None} | answers)
