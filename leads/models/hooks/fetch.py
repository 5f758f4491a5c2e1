"""Leads of which a webhook told only the ID, and whose fields are fetched from their sender."""

from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem
from leads.models.delivery import QuarantinedItem
from leads.models.hooks.hook import Hook


class HookFetch(LeasedItem):
    """A lead of which a webhook told only the ID: its item waits in quarantine until its fields are fetched."""

    item = models.OneToOneField(QuarantinedItem, on_delete=models.PROTECT, primary_key=True, related_name="fetch")
    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, related_name="fetches")
    sender_id = models.CharField("lead", max_length=200, help_text="The sender's ID for the lead.")
    requested_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When its fields arrived, or were given up.")
    failure = models.TextField(blank=True, help_text="Why the last attempt failed.")

    class Meta:
        verbose_name = "fetched lead"
        constraints = [
            models.CheckConstraint(
                name="a_lead_that_is_fetched_has_a_next_attempt",
                condition=Q(settled_at=None, next_attempt_at__isnull=False)
                | Q(settled_at__isnull=False, next_attempt_at=None),
            ),
        ]
        indexes = [
            models.Index(name="lead_to_fetch", fields=["next_attempt_at"], condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return self.sender_id
