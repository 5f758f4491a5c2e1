"""The forms in the dialogs of inbound webhooks."""

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from leads.admin.credentials.forms import WithOverlap
from leads.domain.hooks.fetch import TOKEN_CHARACTERS
from leads.models import Hook


def secret_field(help_text: str) -> forms.CharField:
    """A secret that the sender's tool shows."""
    widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
    return forms.CharField(
        label="Secret from the sender", required=False, max_length=200, help_text=help_text, widget=widget
    )


class NewHook(forms.Form):
    """Who sends, and the secret that it signs with."""

    kind = forms.ChoiceField(label="Sender", choices=Hook.Kind.choices, widget=UnfoldAdminSelectWidget)
    given = secret_field(
        "Meta: app secret. LinkedIn and HubSpot: client secret. For the others, leave empty to create one."
    )


class FetchToken(forms.Form):
    """The token with which the fields of leads are fetched."""

    given = forms.CharField(
        label="Access token",
        required=False,
        strip=True,
        max_length=TOKEN_CHARACTERS,
        help_text="For Meta, a page access token that doesn't expire, with the permission leads_retrieval. Leave empty to stop"
        " fetching.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class WithNewSecret(WithOverlap):
    """The new secret, and how long calls signed with the old one are accepted."""

    given = secret_field(
        "For Meta, LinkedIn and HubSpot, what their tool shows. For the others, leave empty to create one."
    )
    field_order = ("given", "until")
