"""The forms of payments, write-offs and rows of bank files."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing_engine.core import money
from billing_engine.core.admin_kit.fields import PlainDecimalField
from leads.models import Customer
from receivables.domain.payments.record import UnknownItems, items_named
from receivables.models import BankAccount, LedgerDocument, Payment, WriteOff

DATE = {"type": "date"}
NUMBERS_HELP = "Invoice numbers in the order to settle them. Empty: oldest first."


def amount_field(**more: Any) -> PlainDecimalField:
    """A sum of money."""
    return PlainDecimalField(
        max_digits=20, decimal_places=money.MOST_PLACES, widget=UnfoldAdminDecimalFieldWidget, **more
    )


def day_field(label: str) -> forms.DateField:
    """A day."""
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(DATE))


class Numbers(forms.Form):
    """Which invoices to settle."""

    invoices = forms.CharField(
        required=False, max_length=2_000, help_text=NUMBERS_HELP, widget=UnfoldAdminTextInputWidget
    )


class RecordForm(Numbers):
    """A payment by hand."""

    customer = forms.ModelChoiceField(
        Customer.objects.all(),
        widget=AutocompleteSelect(LedgerDocument._meta.get_field("customer"), admin.site),
    )
    on = day_field("Day")
    amount = amount_field()
    currency = forms.CharField(
        required=False, max_length=3, widget=UnfoldAdminTextInputWidget, help_text="Empty: the customer's."
    )
    reference = forms.CharField(
        max_length=140, widget=UnfoldAdminTextInputWidget, help_text="What the payer wrote, or the number of the check."
    )
    method = forms.ChoiceField(choices=Payment.Method.choices, widget=UnfoldAdminSelectWidget)
    account = forms.ModelChoiceField(
        BankAccount.objects.filter(is_active=True).order_by("name"), required=False, widget=UnfoldAdminSelectWidget
    )
    payer_name = forms.CharField(required=False, max_length=140, widget=UnfoldAdminTextInputWidget)
    field_order = ("customer", "on", "amount", "currency", "reference", "method", "account", "payer_name", "invoices")

    def clean(self) -> dict[str, Any]:
        """Read the numbers for this customer."""
        given = super().clean() or self.cleaned_data
        given["currency"] = given.get("currency", "").strip().upper()
        if customer := given.get("customer"):
            currency = given["currency"] or customer.currency
            try:
                given["settles"] = items_named(given.get("invoices", ""), customer, currency)
            except UnknownItems as refusal:
                self.add_error("invoices", str(refusal))
        return given


class AllocateForm(Numbers):
    """How much of a credit settles what."""

    most = amount_field(label="Amount", required=False, help_text="Empty: as much as possible.")


class MoneyOutForm(forms.Form):
    """Money that goes out, or comes in again."""

    amount = amount_field()
    on = day_field("Day")
    reason = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget)


class CameBackForm(forms.Form):
    """Money that came in again, all of it."""

    on = day_field("Day")
    reason = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget)


class TakeBackForm(forms.Form):
    """A choice of allocations."""

    allocation = forms.TypedChoiceField(coerce=int, widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Sequence[tuple[int, str]] = initial["allocations"]
        self.fields["allocation"].choices = choices  # type: ignore[attr-defined]  # a choice field has choices


class WriteOffForm(forms.Form):
    """What is given up, and why."""

    amount = amount_field()
    reason = forms.ChoiceField(choices=WriteOff.Reason.choices, widget=UnfoldAdminSelectWidget)
    sentence = forms.CharField(
        label="Explanation", max_length=200, widget=UnfoldAdminTextInputWidget, help_text="For auditors."
    )


class BookForm(forms.Form):
    """As what a row of a bank file is booked."""

    code = forms.CharField(
        label="Customer's code", max_length=40, widget=UnfoldAdminTextInputWidget({"autofocus": True})
    )
    on = day_field("Day")
    invoices = forms.CharField(
        required=False, max_length=2_000, help_text=NUMBERS_HELP, widget=UnfoldAdminTextInputWidget
    )

    def clean_code(self) -> Customer:
        """The customer."""
        found = Customer.objects.filter(code__iexact=self.cleaned_data["code"].strip()).first()
        if found is None:
            raise forms.ValidationError("No customer has this code.")
        return found
