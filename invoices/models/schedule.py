"""When billing runs start by themselves."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from leads.models import Customer

MOST_GRACE_DAYS = 31


class BillingSchedule(models.Model):
    """Whether the runs of one kind of cycle start by themselves, and how many days after its end."""

    cycle = models.CharField(max_length=12, choices=Customer.Cycle.choices, unique=True)
    is_active = models.BooleanField(
        "starts by itself",
        default=False,
        help_text="A run bills each period that is over where its customer is, after its grace days.",
    )
    grace_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(MOST_GRACE_DAYS)],
        help_text="Days after the end of a period in which late leads may still come in; at most 31.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="grace_days_are_at_most_a_month", condition=Q(grace_days__lte=MOST_GRACE_DAYS)),
        ]

    def __str__(self) -> str:
        return self.get_cycle_display()
