"""The roll-up of activity: the actions of rated periods, counted and added up, so that reports need not read charges."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from billing_engine.core.money import SUM_DIGITS
from leads.models import ActionType, BillingPeriod, Customer, Product, Source
from pricing.models.charge import Charge
from pricing.models.rule import PriceRule
from pricing.rating import counters

CHARGED, INCLUDED, UNRATED = counters.CHARGED, counters.INCLUDED, counters.UNRATED


class Activity(models.Model):
    """The actions of one period, product, source, action type, rule and outcome, counted and added up."""

    OUTCOMES = ((CHARGED, "Charged"), (INCLUDED, "Included at no charge"), *Charge.Reason.choices, (UNRATED, "Unrated"))

    # Rows are replaced with the charges that they add up, under the lock of their period. As on the charge, foreign
    # keys would cost more than the writing. Where customers are small there is nearly a row per action, so each index
    # counts: the key finds a period's rows and a customer's, and is written in order; a BRIN index finds the rows of days
    # of all customers, since rows of one time are written at one time. A key of its own and two more indexes would cost
    # as much again as the rows.
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
    place = models.PositiveIntegerField(help_text="Among the rows of its period and time.")
    actions = models.BigIntegerField()
    quantity = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6)
    full_amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6, help_text="Before any cap.")

    class Meta:
        abstract = True


class DailyActivity(Activity):
    """The roll-up by the day on which actions occurred, in the customer's time zone."""

    pk = models.CompositePrimaryKey("customer", "period", "day", "place")
    day = models.DateField()

    class Meta(Activity.Meta):
        abstract = False
        indexes = [BrinIndex(name="daily_activity_of_day", fields=["day"], pages_per_range=32, autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.actions} actions of {self.day}"


class MonthlyActivity(Activity):
    """The roll-up by calendar month, added up from the daily one."""

    pk = models.CompositePrimaryKey("customer", "period", "month", "place")
    month = models.DateField(help_text="Its first day.")

    class Meta(Activity.Meta):
        abstract = False
        indexes = [
            BrinIndex(name="monthly_activity_of_month", fields=["month"], pages_per_range=32, autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"{self.actions} actions of {self.month:%Y-%m}"
