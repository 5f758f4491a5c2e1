"""The forms of the page that finds a person."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


def _text(label: str, hint: str, length: int, **attributes: Any) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget({"autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=False, max_length=length, widget=widget, help_text=hint)


class FindForm(forms.Form):
    """What the person is found by. It is posted, so that no address stands in a URL, a log or a browser's history."""

    email = _text("Email address", "In any spelling.", 254, autofocus=True)
    phone = _text("Phone number", "With its country code, such as +1 415 555 0123.", 40)
    name = _text("Name", "Finds everyone with this name. Erase and export by email address or phone number.", 200)


class ReasonForm(forms.Form):
    """Why the person is erased."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="It stays on record. Don't name the person; the number of the request is enough.",
    )
