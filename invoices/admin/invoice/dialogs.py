"""The dialogs for manual changes to an invoice."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing_engine.core import money
from billing_engine.core.admin_kit.fields import DayWidget
from invoices.domain.month_lock import why_locked
from invoices.models import Invoice, InvoiceLine


class OptionalReasonForm(forms.Form):
    """An optional reason."""

    reason = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Required if actions were voided after the invoice was drafted.",
    )


class IssueForm(forms.Form):
    """The date of the invoice."""

    issued_on = forms.DateField(
        label="Invoice date",
        required=False,
        widget=DayWidget,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Choose a day."},
        help_text="Also its day in the books. Empty: today. Not in the future, and not in a locked or closed month.",
    )


class AdjustmentForm(forms.Form):
    """A manual line."""

    amount = forms.DecimalField(
        max_digits=16,
        decimal_places=money.MOST_PLACES,
        help_text="A negative amount reduces the total.",
        widget=UnfoldAdminDecimalFieldWidget({"autofocus": True}),
    )
    text = forms.CharField(max_length=200, help_text="Shown on the invoice.", widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(max_length=200, help_text="For internal records only.", widget=UnfoldAdminTextInputWidget)


class WithdrawalForm(forms.Form):
    """A choice of the draft's adjustments."""

    line = forms.TypedChoiceField(label="Adjustment", coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = initial["lines"]  # type: ignore[attr-defined]  # a choice field has choices


def adjustments_of(invoice: Invoice) -> dict[str, Any]:
    """Return the draft's adjustments as choices."""
    lines = invoice.lines.filter(kind=InvoiceLine.Kind.ADJUSTMENT).order_by("position")
    return {
        "lines": [(line.pk, f"{line.description}, {money.in_words(line.amount, invoice.currency)}") for line in lines]
    }


def void_notice(invoice: Invoice) -> str:
    """Say what voiding does to the invoice, its period and its adjustments."""
    amounts = invoice.lines.filter(kind=InvoiceLine.Kind.ADJUSTMENT).values_list("amount", flat=True)
    text = (
        "The invoice keeps its number and PDF, and nothing is due on it anymore. Its billing period is reopened and can "
        "be billed again. "
    )
    if amounts:
        sum_ = money.in_words(sum(amounts, money.ZERO), invoice.currency)
        text += (
            f"Its adjustment of {sum_} moves"
            if len(amounts) == 1
            else f"Its {len(amounts)} adjustments, {sum_} in total, move"
        ) + " to the period's next draft, with the same reason and author. "
    return text + "The person who issued the invoice cannot void it. The customer reads your reason."


def has_adjustments(invoice: Invoice) -> bool:
    """Return whether the draft has an adjustment that can be withdrawn."""
    is_open = invoice.state == Invoice.State.DRAFT and not why_locked(invoice.period.label)
    return is_open and bool(adjustments_of(invoice)["lines"])
