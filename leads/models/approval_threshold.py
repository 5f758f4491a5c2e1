"""When an act needs a second person."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.money import SUM_DIGITS
from leads.models.company import Company


class ApprovalThresholdQuerySet(models.QuerySet["ApprovalThreshold"]):
    """Named filters for thresholds."""

    def in_force(self) -> Self:
        """Thresholds that were approved, latest first; the first of a company, kind and currency applies."""
        return self.filter(approved_at__isnull=False).order_by("-approved_at", "-pk")


class ApprovalThreshold(models.Model):
    """The amount above which one kind of act needs a second person at one of our companies."""

    class Kind(models.TextChoices):
        ADJUSTED_INVOICE = "adjusted_invoice", "Adjusted invoice"
        RULE_ACTIVATION = "rule_activation", "Price rule"
        RULE_RETIREMENT = "rule_retirement", "Retirement of a price rule"
        CREDIT_NOTE = "credit_note", "Credit note"
        WRITE_OFF = "write_off", "Write-off"

    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approval_thresholds",
        help_text="Empty: the seller in the settings.",
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    currency = models.CharField(max_length=3, blank=True, help_text="Empty: every currency without its own threshold.")
    above = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Amounts above this need a second person. 0: always. Empty: never.",
    )
    reason = models.CharField(max_length=200)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True, help_text="In force since then.")

    objects = ApprovalThresholdQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="an_approval_threshold_is_not_negative", condition=Q(above=None) | Q(above__gte=0)
            ),
            models.CheckConstraint(
                name="an_amount_above_zero_has_a_currency", condition=~Q(above__gt=0) | ~Q(currency="")
            ),
        ]

    def __str__(self) -> str:
        seller = str(self.company) if self.company else "Seller in the settings"
        return f"{seller}: {self.get_kind_display()}"
