"""What locking and closing a month may need beyond the click."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class MayNeedAReason(forms.Form):
    """A reason, where something stays behind."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Needed where items wait in quarantine or a customer without billing has open periods.",
    )
