"""The field for a day: the report itself reads the day, so that its page and its file refuse the same ones."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class DayWidget(UnfoldAdminTextInputWidget):
    """The browser's own calendar."""

    input_type = "date"


def day_field(label: str) -> forms.CharField:
    """A field for a day, as the report reads it from its address."""
    return forms.CharField(label=label, required=False, widget=DayWidget)
