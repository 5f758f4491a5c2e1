"""The field for a day: the report itself reads the day, so that its page and its file refuse the same ones."""

from django import forms

from billing_engine.core.admin_kit.fields import DayWidget


def day_field(label: str) -> forms.CharField:
    """A field for a day, as the report reads it from its address."""
    return forms.CharField(label=label, required=False, widget=DayWidget)
