"""What finance fills in when it changes an invoice by hand."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing_engine.core import money
from invoices.domain.month_lock import why_locked
from invoices.models import Invoice, InvoiceLine


class MayNeedAReason(forms.Form):
    """A reason, where what is approved departs from what holds now."""

    reason = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Needed where actions were taken back since it was drafted.",
    )


class AnAdjustment(forms.Form):
    """A line by hand."""

    amount = forms.DecimalField(
        max_digits=16,
        decimal_places=money.MOST_PLACES,
        help_text="Below zero, the invoice asks for less.",
        widget=UnfoldAdminDecimalFieldWidget({"autofocus": True}),
    )
    text = forms.CharField(
        max_length=200, help_text="Stands on the invoice, for the customer.", widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(max_length=200, help_text="For our own books.", widget=UnfoldAdminTextInputWidget)


class WhichAdjustment(forms.Form):
    """One of the adjustments that a draft has."""

    line = forms.TypedChoiceField(label="Adjustment", coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = initial["lines"]  # type: ignore[attr-defined]  # a choice field has choices


def adjustments_of(invoice: Invoice) -> dict[str, Any]:
    """To choose from."""
    lines = invoice.lines.filter(kind=InvoiceLine.Kind.ADJUSTMENT).order_by("position")
    return {
        "lines": [(line.pk, f"{line.description}, {money.in_words(line.amount, invoice.currency)}") for line in lines]
    }


def what_a_void_does(invoice: Invoice) -> str:
    """Before it is done, what becomes of the period and of the invoice's adjustments."""
    amounts = invoice.lines.filter(kind=InvoiceLine.Kind.ADJUSTMENT).values_list("amount", flat=True)
    words = (
        "It keeps its number and its PDF and asks for nothing any more. Its billing period opens again and can be "
        "billed again. "
    )
    if amounts:
        sum_ = money.in_words(sum(amounts, money.ZERO), invoice.currency)
        words += (
            f"Its adjustment of {sum_} goes"
            if len(amounts) == 1
            else f"Its {len(amounts)} adjustments, {sum_} together, go"
        ) + " onto the next draft of the period, with the same reason and author. "
    return words + "It takes another person than who issued it."


def has_adjustments(invoice: Invoice) -> bool:
    """Whether there is one to take off."""
    is_open = invoice.state == Invoice.State.DRAFT and not why_locked(invoice.period.label)
    return is_open and bool(adjustments_of(invoice)["lines"])
