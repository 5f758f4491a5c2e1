"""The terms a period was rated by, kept when it closes."""

from django.db import models

from leads.models import BillingPeriod


class PeriodTerms(models.Model):
    """The terms a closed period was rated by, as far as they may change later; kept so that its charges can be proven."""

    period = models.OneToOneField(BillingPeriod, on_delete=models.CASCADE, primary_key=True, related_name="kept_terms")
    rules = models.JSONField(
        help_text="Each price rule in force by id, with the instants it started and ended (or none)."
    )
    customer = models.JSONField(help_text="Contract dates, excluded domains and hard budget.")
    catalog = models.JSONField(
        help_text="Products' categories, sources' channels and billable action types: first, and from which instants on."
    )
    later_closed = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Later periods that were already closed: their charges count in this one.",
    )

    class Meta:
        verbose_name_plural = "period terms"

    def __str__(self) -> str:
        return f"Terms of {self.period}"
