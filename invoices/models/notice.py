"""What every email to one of us keeps, beside what it is about."""

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem


class Notice(LeasedItem):
    """An email to one of us: whether it waits, was sent, or why not."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Not sent"
        FAILED = "failed", "Failed"

    person: "models.ForeignKey[User, User]"
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was not sent, or not yet.")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        default_permissions = ("view",)


def waits_or_is_settled(name: str) -> models.CheckConstraint:
    """Return the constraint of every table of notices."""
    waits = Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
    is_settled = Q(settled_at__isnull=False, next_attempt_at=None) & ~Q(state="waiting")
    return models.CheckConstraint(name=name, condition=waits | is_settled)
