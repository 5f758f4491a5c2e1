"""The roll-up of activity: the actions of rated periods, counted and added up, so that reports need not read charges."""

from django.db import models

from billing_engine.core.money import SUM_DIGITS
from leads.models import ActionType, BillingPeriod, Customer, Product, Source
from pricing.models.charge import Charge
from pricing.models.rule import PriceRule

CHARGED, INCLUDED, UNRATED = "charged", "included", "unrated"


class Activity(models.Model):
    """The actions of one period, product, source, action type, rule and outcome, counted and added up."""

    OUTCOMES = ((CHARGED, "Charged"), (INCLUDED, "Included at no charge"), *Charge.Reason.choices, (UNRATED, "Unrated"))

    # Rows are replaced with the charges that they add up, under the lock of their period. As on the charge, foreign
    # keys would cost more than the writing.
    period = models.ForeignKey(
        BillingPeriod, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    source = models.ForeignKey(
        Source, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    action_type = models.ForeignKey(
        ActionType, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    rule = models.ForeignKey(
        PriceRule, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    outcome = models.CharField(
        max_length=20,
        choices=OUTCOMES,
        help_text="Charged, included (charged $0.00), a reason for exclusion, or unrated.",
    )
    actions = models.BigIntegerField()
    quantity = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)
    full_amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6, help_text="Before any cap.")

    class Meta:
        abstract = True


class DailyActivity(Activity):
    """The roll-up by the day on which actions occurred, in the customer's time zone."""

    day = models.DateField()

    class Meta(Activity.Meta):
        abstract = False
        indexes = [
            models.Index(name="daily_activity_of_period", fields=["period", "day"]),
            models.Index(name="daily_activity_of_day", fields=["day", "customer"]),
        ]

    def __str__(self) -> str:
        return f"{self.actions} actions of {self.day}"


class MonthlyActivity(Activity):
    """The roll-up by calendar month, added up from the daily one."""

    month = models.DateField(help_text="Its first day.")

    class Meta(Activity.Meta):
        abstract = False
        indexes = [
            models.Index(name="monthly_activity_of_period", fields=["period", "month"]),
            models.Index(name="monthly_activity_of_month", fields=["month", "customer"]),
        ]

    def __str__(self) -> str:
        return f"{self.actions} actions of {self.month:%Y-%m}"
