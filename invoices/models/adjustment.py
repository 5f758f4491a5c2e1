"""Manual lines on a draft, with their reasons."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from invoices.models.invoice import InvoiceLine


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
