"""The form of a simulation: drafts, months and customers."""

from typing import Any

from django import forms
from django.db.models import Case, When
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldBooleanSwitchWidget,
)

from billing_engine.core.calendar.wall_clock import in_words
from leads.domain.cycles import latest_labels
from leads.models import Customer
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.domain.simulation.simulate import NothingChosen
from pricing.models import PriceRule

MONTHS_OFFERED = 60  # months, and weeks if there are customers billed weekly


class Drafts(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # Django has no such parameter when it runs
    """Drafts, labeled with their scope and price."""

    def label_from_instance(self, rule: PriceRule) -> str:
        scope = " · ".join(scope_in_words(rule)) or "everything"
        return f"{rule.name} – {scope}: {price_in_words(rule)}, from {in_words(rule.wall_from)}"


class SimulationForm(forms.Form):
    """What to simulate."""

    drafts = Drafts(
        PriceRule.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Empty: the rules in force are rated again, and nothing should differ.",
    )
    months = forms.MultipleChoiceField(widget=UnfoldAdminCheckboxSelectMultipleWidget)
    customers = forms.ModelMultipleChoiceField(
        Customer.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Empty: all customers that the drafts affect.",
    )
    from_the_start = forms.BooleanField(
        label="As if in force already",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Drafts start with the first of these months. Otherwise each starts on its own day.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drafts, months = self.fields["drafts"], self.fields["months"]
        assert isinstance(drafts, Drafts)  # noqa: S101 -- for mypy
        assert isinstance(months, forms.MultipleChoiceField)  # noqa: S101 -- for mypy
        related = ("customer", "product", "source", "action_type")
        chosen = [pk for pk in self.initial.get("drafts", ()) if str(pk).isdecimal()]
        first = Case(When(pk__in=chosen, then=0), default=1)
        found = PriceRule.objects.filter(state=PriceRule.State.DRAFT).order_by(first, "-pk")
        drafts.queryset = found.select_related(*related).prefetch_related("tiers")
        months.choices = _months()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("drafts") and not given.get("customers") and "customers" not in self.errors:
            self.add_error("drafts", NothingChosen.message)
        return given


def _months() -> list[tuple[str, str]]:
    return [
        (label, f"{label} · {count} customer{'s' if count != 1 else ''}")
        for label, count in latest_labels()[:MONTHS_OFFERED]
    ]
