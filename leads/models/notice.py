"""Emails to customers about a change of where their money goes, or of who hears about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem
from leads.models.customer import Customer


class Notice(LeasedItem):
    """An email to the contacts that a customer had before a change, so that an unexpected change is noticed."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notices")
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=200)
    body = models.TextField("message")
    requested_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True, help_text="Why it was not sent.")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(name="a_notice_has_a_recipient", condition=Q(to__len__gt=0)),
            models.CheckConstraint(
                name="a_notice_waits_or_is_settled",
                condition=Q(settled_at=None, next_attempt_at__isnull=False)
                | Q(settled_at__isnull=False, next_attempt_at=None),
            ),
        ]
        indexes = [models.Index(name="notice_waiting", fields=["next_attempt_at"], condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.subject} to {', '.join(self.to)}"
