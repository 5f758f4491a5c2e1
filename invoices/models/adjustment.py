"""What a person changed about an invoice or a closed period, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from invoices.models.invoice import InvoiceLine
from leads.models import BillingPeriod


class Adjustment(models.Model):
    """A person's reason for a line put on a draft by hand."""

    line = models.OneToOneField(InvoiceLine, on_delete=models.CASCADE, primary_key=True, related_name="adjustment")
    reason = models.CharField(max_length=200, help_text="For our own books; the line's text is for the customer.")
    adjusted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    adjusted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="an_adjustment_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return self.reason


class Reopening(models.Model):
    """A closed billing period opened again: why, by whom and when."""

    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="reopenings")
    reason = models.CharField(max_length=200)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField()
    closed_at = models.DateTimeField(help_text="When it had been closed.")
    invoice = models.CharField(max_length=60, blank=True, help_text="The draft thrown away, or the invoice voided.")

    class Meta:
        constraints = [models.CheckConstraint(name="a_reopening_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.period} reopened"
