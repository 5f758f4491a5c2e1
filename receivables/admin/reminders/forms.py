"""The forms of reminders."""

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from invoices.models.mail import MAX_MESSAGE, MAX_SUBJECT
from leads.models import Company, Customer
from receivables.domain.reminders.letter import PLACEHOLDERS
from receivables.models import LedgerDocument

NAMES = ", ".join(f"{{{name}}}: {words}" for name, (words, _) in PLACEHOLDERS.items())
NO_COMPANY = "0"  # the seller in the settings


def seller_choices() -> list[tuple[str, str]]:
    """Return our companies, the seller in the settings first."""
    own = [(str(company.pk), company.name) for company in Company.objects.order_by("name")]
    return [(NO_COMPANY, str(settings.SELLER["name"])), *own]


class SellerField(forms.ChoiceField):
    """One of our companies; None is the seller in the settings."""

    def __init__(self) -> None:
        super().__init__(label="Company", choices=seller_choices, widget=UnfoldAdminSelectWidget)

    def clean(self, value: Any) -> Company | None:
        """Return the company."""
        chosen = super().clean(value)
        return None if chosen == NO_COMPANY else Company.objects.get(pk=chosen)


class SellerForm(forms.Form):
    """Of which company."""

    seller = SellerField()


class LevelsForm(SellerForm):
    """When a company reminds."""

    days = forms.CharField(
        label="Days after due",
        help_text="One number for each level, such as -3, 7, 30: three days before the due day, then 7 and 30 days after.",
        widget=UnfoldAdminTextInputWidget({"placeholder": "-3, 7, 30"}),
    )

    def clean_days(self) -> dict[int, int]:
        """Return the days by level."""
        words = [word.strip() for word in self.cleaned_data["days"].split(",") if word.strip()]
        try:
            days = [int(word) for word in words]
        except ValueError:
            raise forms.ValidationError("Enter whole numbers with commas between them, such as -3, 7, 30.") from None
        if len(days) > 9:
            raise forms.ValidationError("There are at most 9 levels.")
        return dict(enumerate(days, start=1))


class TimetableForm(SellerForm):
    """When a company's reminders start by themselves."""

    is_on = forms.ChoiceField(
        label="Start by itself",
        choices=[("on", "Each day"), ("off", "Off: a person starts each run")],
        widget=UnfoldAdminSelectWidget,
    )
    hour = forms.IntegerField(
        label="From hour",
        min_value=0,
        max_value=23,
        initial=8,
        help_text="By UTC, from 0 to 23.",
        widget=UnfoldAdminIntegerFieldWidget,
    )


class TextForm(forms.Form):
    """What a level says in a language."""

    language = forms.CharField(
        min_length=2, max_length=2, widget=UnfoldAdminTextInputWidget, help_text="Such as en or de."
    )
    subject = forms.CharField(max_length=MAX_SUBJECT, widget=UnfoldAdminTextInputWidget)
    body = forms.CharField(
        label="Message", max_length=MAX_MESSAGE, help_text=NAMES, widget=UnfoldAdminTextareaWidget({"rows": 14})
    )


class PauseForm(forms.Form):
    """Who is not reminded, of what, why, and until when."""

    customer = forms.CharField(help_text="The customer’s code.", widget=UnfoldAdminTextInputWidget)
    document = forms.CharField(
        label="Invoice",
        required=False,
        help_text="Its number. Leave empty for everything of the customer.",
        widget=UnfoldAdminTextInputWidget,
    )
    reason = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    until = forms.DateField(
        required=False, help_text="The last day. Leave empty for no end.", widget=UnfoldAdminDateWidget
    )

    def clean_customer(self) -> Customer:
        """Find the customer."""
        found = Customer.objects.filter(code=self.cleaned_data["customer"].strip()).first()
        if found is None:
            raise forms.ValidationError("No customer has this code.")
        return found

    def clean_document(self) -> LedgerDocument | None:
        """Find the invoice."""
        number = self.cleaned_data["document"].strip()
        if not number:
            return None
        found = LedgerDocument.objects.filter(kind=LedgerDocument.Kind.INVOICE, invoice__number=number).first()
        if found is None:
            raise forms.ValidationError("No invoice has this number.")
        return found
