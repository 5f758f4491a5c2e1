"""Why something is credited, which each page that credits asks."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from receivables.models import Reason


class WhyForm(forms.Form):
    """Why something is credited; `seen` is what the dry run showed."""

    reason = forms.ModelChoiceField(Reason.objects.none(), widget=UnfoldAdminSelectWidget)
    sentence = forms.CharField(
        max_length=500, help_text="The customer reads it.", widget=UnfoldAdminTextareaWidget({"rows": 2})
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = Reason.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]  # a choice field has one
