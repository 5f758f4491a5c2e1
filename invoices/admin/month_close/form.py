"""The form for locking and closing a month."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class OptionalReasonForm(forms.Form):
    """An optional reason."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Required if quarantined items or open periods of inactive customers are left behind.",
    )
