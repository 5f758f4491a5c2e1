"""The form that says which file to export."""

from collections.abc import Mapping
from datetime import date

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.fields import DayWidget
from billing_engine.core.calendar.spans import Month
from invoices.domain.wording import month_in_words
from leads.models import Company
from receivables.domain.exports.ask import Asked
from receivables.models import BookExport

MONTHS = 24
OURS = str(settings.SELLER["name"])


class ExportForm(forms.Form):
    """The kind of file, the company and the month."""

    kind = forms.ChoiceField(label="File", choices=BookExport.Kind.choices, widget=UnfoldAdminSelectWidget)
    company = forms.ChoiceField(widget=UnfoldAdminSelectWidget, required=False)
    month = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    as_of = forms.DateField(
        label="Unbilled as of the end of",
        required=False,
        widget=DayWidget,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Choose a day."},
    )

    def __init__(self, given: Mapping[str, str], *, today: date) -> None:
        months = _months(today)
        first = {"kind": BookExport.Kind.GENERAL_LEDGER, "company": "", "month": months[1]}
        super().__init__({**first, **given})
        companies = Company.objects.order_by("name").values_list("pk", "name")
        for name, choices in (
            ("company", [("", OURS), *((str(pk), name) for pk, name in companies)]),
            ("month", [(each, month_in_words(each)) for each in months]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells mypy
            field.choices = choices

    @property
    def asked(self) -> Asked | None:
        """Which file is asked for; None if the form is refused."""
        if not self.is_valid():
            return None
        company = self.cleaned_data["company"]
        seller = Company.objects.get(pk=company) if company else None
        return Asked(self.cleaned_data["kind"], seller, self.cleaned_data["month"], self.cleaned_data["as_of"])


def _months(today: date) -> list[str]:
    """This month and those before, latest first."""
    months = [Month.of_day(today)]
    while len(months) < MONTHS:
        months.append(months[-1].previous())
    return [str(each) for each in months]
