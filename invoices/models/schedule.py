"""Schedules that start billing runs automatically."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from leads.models import Customer

MAX_GRACE_DAYS = 31


class BillingSchedule(models.Model):
    """Whether billing runs of one kind of cycle start automatically, and how many days after the cycle ends."""

    cycle = models.CharField(max_length=12, choices=Customer.Cycle.choices, unique=True)
    is_active = models.BooleanField(
        "starts automatically",
        default=False,
        help_text="Runs bill each period once it has ended in its customer's time zone and its grace days have passed.",
    )
    grace_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(MAX_GRACE_DAYS)],
        help_text="Days after the end of a period during which late leads can still arrive; at most 31.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="grace_days_are_at_most_a_month", condition=Q(grace_days__lte=MAX_GRACE_DAYS)),
        ]

    def __str__(self) -> str:
        return self.get_cycle_display()
