"""What a customer's last month would have cost under announced prices, kept because many actions take long to rate."""

from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem
from leads.models import Customer


class AnnouncedCost(LeasedItem):
    """What a customer's month would have cost under the prices of a later day; a worker calculates it, pages read it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="+")
    month = models.CharField(max_length=7, help_text="The month whose actions are rated, such as 2026-10.")
    prices_of = models.DateField(help_text="The day whose prices they are rated by.")
    version = models.CharField(max_length=64, help_text="Digest of what it depends on: rules, catalog, terms, charges.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    products = models.JSONField(
        default=list,
        blank=True,
        help_text="By product: id, cost now and then in micro-units, actions without a price then.",
    )
    message = models.TextField(blank=True, help_text="Why it failed.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_failed_announced_cost_says_why", condition=~Q(state="failed") | ~Q(message="")
            ),
            models.CheckConstraint(
                name="an_announced_cost_that_waits_says_until_when",
                condition=Q(state="waiting", next_attempt_at__isnull=False)
                | ~Q(state="waiting") & Q(next_attempt_at=None),
            ),
        ]
        indexes = [
            models.Index(name="announced_cost_unsettled", fields=["next_attempt_at"], condition=Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.month} of {self.customer} at the prices of {self.prices_of}"
