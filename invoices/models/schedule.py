"""When billing runs start by themselves."""

from django.db import models

from leads.models import Customer


class BillingSchedule(models.Model):
    """Whether the runs of one kind of cycle start by themselves, and how many days after its end."""

    cycle = models.CharField(max_length=12, choices=Customer.Cycle.choices, unique=True)
    is_active = models.BooleanField(
        "starts by itself",
        default=False,
        help_text="A run starts for each cycle that is over in every customer's time zone, its grace days too.",
    )
    grace_days = models.PositiveSmallIntegerField(
        default=0, help_text="Days after the end of a cycle in which late leads may still come in."
    )

    def __str__(self) -> str:
        return self.get_cycle_display()
