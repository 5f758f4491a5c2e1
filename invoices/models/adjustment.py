"""Manual changes to a draft or a closed period, with their reasons."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models.invoice import Invoice, InvoiceLine
from leads.models import BillingPeriod


class Adjustment(models.Model):
    """The reason why a person added a line to a draft by hand."""

    line = models.OneToOneField(InvoiceLine, on_delete=models.CASCADE, primary_key=True, related_name="adjustment")
    reason = models.CharField(max_length=200, help_text="For internal records only; the customer sees the line's text.")
    adjusted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    adjusted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="an_adjustment_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return self.reason


class UndoneStep(models.Model):
    """A step on a draft that was undone: an adjustment withdrawn, or an approval sent back."""

    class Kind(models.TextChoices):
        ADJUSTMENT = "adjustment", "Adjustment withdrawn"
        APPROVAL = "approval", "Approval sent back"

    # The period, because drafts come and go: the second-person check covers all of them.
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="undone_steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.SET_NULL,
        null=True,
        related_name="undone_steps",
        help_text="The draft, or the draft that replaced it. Empty: deleted.",
    )
    text = models.CharField(max_length=500, blank=True, help_text="For an adjustment: its text for the customer.")
    reason = models.CharField(max_length=200, blank=True, help_text="The reason given for the original step.")
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_withdrawn_adjustment_says_how_much_it_was",
                condition=Q(kind="approval", amount=None) | Q(kind="adjustment", amount__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.get_kind_display().lower()}"


class Reopening(models.Model):
    """The record of a closed billing period that was reopened: why, by whom and when."""

    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="reopenings")
    reason = models.CharField(max_length=200)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField()
    closed_at = models.DateTimeField(help_text="When the period had been closed.")
    invoice = models.CharField(
        max_length=60, blank=True, help_text="The draft that was deleted, or the invoice that was voided."
    )

    class Meta:
        constraints = [models.CheckConstraint(name="a_reopening_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.period} reopened"
