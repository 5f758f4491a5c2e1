"""Which month to bill: those that are over and still have something open, last month first."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Count
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.spans import Month
from invoices.domain.wording import month_in_words
from leads.models import BillingPeriod


class StartForm(forms.Form):
    """The month of a billing run."""

    month = forms.ChoiceField(widget=UnfoldAdminSelectWidget)

    def __init__(self, *, at: datetime, **given: Any) -> None:
        super().__init__(**given)
        last = Month.containing(at, ZoneInfo("UTC")).previous()
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells mypy
        field.choices = _months(last)
        field.initial = str(last)


def _months(last: Month) -> list[tuple[str, str]]:
    """Every month up to the last one that has open periods, and the last one in any case."""
    counted = (
        BillingPeriod.objects.open()
        .filter(label__lte=str(last))
        .values_list("label")
        .annotate(Count("pk"))
        .order_by("-label")
    )
    counts = {str(last): 0} | dict(counted)
    return [(label, f"{month_in_words(label)} · {count} open") for label, count in counts.items()]
