"""The form that starts a billing run."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Count, Max
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.calendar.spans import CYCLES, Cycle
from invoices.domain.wording import month_in_words
from leads.models import BillingPeriod, Customer

UTC_ZONE = ZoneInfo("UTC")


class StartForm(forms.Form):
    """The choice of the cycle to bill."""

    cycle = forms.ChoiceField(widget=UnfoldAdminSelectWidget)

    def __init__(self, *, at: datetime, **given: Any) -> None:
        super().__init__(**given)
        field = self.fields["cycle"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells mypy
        field.choices = _cycles(at)
        field.initial = field.choices[0][0]


def _cycles(at: datetime) -> list[tuple[str, str]]:
    """Return the cycles that can be billed: the last one of each kind, then others that ended with open periods, latest first."""
    counted = (
        BillingPeriod.objects.open()
        .filter(end_at__lte=at, is_sealed=False)
        .values_list("label")
        .annotate(Count("pk"), latest=Max("end_at"))
        .order_by("-latest", "label")
    )
    counts = {label: count for label, count, _ in counted}
    last = {str(cycle): counts.get(str(cycle), 0) for cycle in _last_ones(at)}
    return [(label, f"{month_in_words(label)} · {count} open") for label, count in (last | counts).items()]


def _last_ones(at: datetime) -> list[Cycle]:
    kinds = set(Customer.objects.filter(is_active=True).values_list("cycle", flat=True).distinct()) or {"monthly"}
    return [kind.containing(at, UTC_ZONE).previous() for name, kind in CYCLES.items() if name in kinds]
