"""The forms in the dialogs of keys and secrets."""

from datetime import UTC, timedelta
from typing import Any

from django import forms
from django.utils.timezone import now
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from leads.models import ApiKey
from leads.models.source import sends_and_reads

OVERLAP = timedelta(days=7)
TYPED = "%Y-%m-%dT%H:%M"


def instant_field(label: str, help_text: str, *, required: bool = True) -> forms.DateTimeField:
    """Return a field for date and time with the browser's own picker."""
    widget = UnfoldAdminTextInputWidget({"type": "datetime-local"})
    widget.input_type = "datetime-local"
    return forms.DateTimeField(
        label=label, help_text=help_text, required=required, input_formats=[TYPED, "%Y-%m-%dT%H:%M:%S"], widget=widget
    )


class WithEnd(forms.Form):
    """When a new key expires."""

    end = instant_field("Expires", "UTC. Leave empty for a key that is valid until it is revoked.", required=False)


class WithOverlap(forms.Form):
    """How long the replaced key or secret stays valid."""

    until = instant_field("The old one stays valid until", "UTC. Shown on the page of the source.")


class WithSecret(forms.Form):
    """An optional secret that was created by the sender's system."""

    given = forms.CharField(
        label="Secret from the sender",
        required=False,
        max_length=200,
        help_text="If the sender's system created one (whsec_…). Leave empty to create one.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class WithSecretAndOverlap(WithSecret, WithOverlap):
    """An optional new secret from the sender, and how long the old one stays valid."""


class WithScopes(forms.Form):
    """What requests with a key may do."""

    scopes = forms.MultipleChoiceField(
        label="May",
        required=False,
        choices=ApiKey.Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Only what the source itself sent. Prices are the rule, the amount and the invoice number; amounts that"
        " depend on other sources are never shown.",
    )


class NewKey(WithScopes, WithEnd):
    """What a new key may do, whether its leads are tests, and when it expires."""

    is_test = forms.BooleanField(
        label="Test key",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Every lead sent with it is a test and never charged. This can't be changed later.",
    )
    field_order = ("scopes", "is_test", "end")


def scopes_of_a_new_key(_: object) -> dict[str, Any]:
    """Return the initial values of the form."""
    return {"scopes": sends_and_reads()}


def after_overlap(_: object) -> dict[str, Any]:
    """Return the initial values of the form."""
    return {"until": (now() + OVERLAP).astimezone(UTC).strftime(TYPED)}
