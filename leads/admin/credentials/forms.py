"""What the dialogs of keys and secrets ask."""

from datetime import UTC, timedelta
from typing import Any

from django import forms
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextInputWidget

OVERLAP = timedelta(days=7)
TYPED = "%Y-%m-%dT%H:%M"


def instant_field(label: str, help_text: str, *, required: bool = True) -> forms.DateTimeField:
    """A date and a time, picked with the browser's own calendar."""
    widget = UnfoldAdminTextInputWidget({"type": "datetime-local"})
    widget.input_type = "datetime-local"
    return forms.DateTimeField(
        label=label, help_text=help_text, required=required, input_formats=[TYPED, "%Y-%m-%dT%H:%M:%S"], widget=widget
    )


class WithEnd(forms.Form):
    """When a new key ends by itself."""

    end = instant_field("Expires", "UTC. Leave empty for a key that is good until it is revoked.", required=False)


class WithOverlap(forms.Form):
    """How long what is replaced stays good."""

    until = instant_field("The old one stays good until", "UTC. It is shown on the source's page.")


class WithSecret(forms.Form):
    """A secret that the sender's system has made, where it has."""

    given = forms.CharField(
        label="Secret of the sender",
        required=False,
        max_length=200,
        help_text="Where the sender's system made one (whsec_…). Leave empty, and one is made here.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class WithSecretAndOverlap(WithSecret, WithOverlap):
    """The sender's own new secret, if there is one, and how long the old one stays good."""


def after_overlap(_: object) -> dict[str, Any]:
    """What the form proposes."""
    return {"until": (now() + OVERLAP).astimezone(UTC).strftime(TYPED)}
