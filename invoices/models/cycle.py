"""A cycle of all customers together, as finance closes it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class BillingCycle(models.Model):
    """A month of all customers together; open, locked, closed for good once everything of it is issued."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        LOCKED = "locked", "Locked"
        CLOSED = "closed", "Closed"

    label = models.CharField(max_length=10, unique=True, help_text="The cycle's name, such as 2026-10.")
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)

    class Errand(models.TextChoices):
        NONE = "", "Nothing"
        APPROVE = "approve", "Approving"
        ISSUE = "issue", "Issuing"
        SEND = "send", "Sending"

    errand = models.CharField(
        max_length=7, choices=Errand.choices, blank=True, help_text="What the workers do with all its invoices now."
    )
    errand_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="an_errand_is_somebodys", condition=Q(errand="") | Q(errand_of__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.label


class CycleStep(models.Model):
    """What somebody did to a billing cycle, and why."""

    class Kind(models.TextChoices):
        LOCKED = "locked", "Locked"
        REOPENED = "reopened", "Opened again"
        CLOSED = "closed", "Closed"

    cycle = models.ForeignKey(BillingCycle, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_cycle_is_opened_again_for_a_reason", condition=~Q(kind="reopened") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} {self.kind}"
