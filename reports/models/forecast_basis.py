"""What forecasts of a month start from, kept so that pages need not read the days before it."""

from django.db import models

from leads.models import Customer


class ForecastBasis(models.Model):
    """What forecasts of a month start from: a customer's usual weekdays, and how far past forecasts were off."""

    # Replaced every six hours. A customer without a row is worked out when a page asks for it.

    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: all customers of the currency.",
    )
    profile = models.JSONField(
        default=dict, help_text="Sums and upper bounds by weekday, in micro-units, and their number of weeks."
    )
    spreads = models.JSONField(
        default=dict,
        help_text="By elapsed days: the parts per million of what was expected between which past months ended.",
    )
    made_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "forecast bases"
        constraints = [
            models.UniqueConstraint(
                name="a_month_has_one_forecast_basis_per_customer_and_in_all",
                fields=["month", "currency", "customer"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer or self.currency} {self.month:%Y-%m}"
