"""Billing runs and their items."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import WorkItem
from invoices.models.invoice import Invoice
from leads.models import BillingPeriod


class BillingRun(models.Model):
    """One pass of the workers over many billing periods, with its progress and outcome; it can be resumed."""

    cycle = models.CharField(max_length=10, help_text="The cycle to bill, such as 2026-10 or 2026-W43.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="When it was paused; empty once it is resumed.")
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_finished_run_is_not_paused", condition=Q(finished_at=None) | Q(paused_at=None)
            ),
            models.UniqueConstraint(
                name="one_run_of_a_cycle_at_a_time", fields=["cycle"], condition=Q(finished_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"Billing run {self.cycle}"


class BillingRunItemQuerySet(models.QuerySet["BillingRunItem"]):
    """Named filters for billing run items."""

    def waiting(self) -> Self:
        return self.filter(state=BillingRunItem.State.WAITING)

    def to_bill(self) -> Self:
        """Return the waiting items of runs that are not paused."""
        return self.waiting().filter(run__paused_at=None)


class BillingRunItem(WorkItem):
    """One customer's period in a billing run, and its outcome."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        BILLED = "billed", "Billed"
        NOTHING = "nothing", "Nothing to bill"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="items", db_index=False)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="run_items")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.SET_NULL, null=True, blank=True, related_name="run_items", db_index=False
    )
    code = models.CharField(max_length=40, blank=True, help_text="Why it failed, as a code for programs.")
    message = models.TextField(blank=True, help_text="Why it failed, as text for people.")
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = BillingRunItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_run_bills_a_period_once", fields=["run", "period"]),
            models.CheckConstraint(
                name="a_settled_run_item_says_when",
                condition=Q(state="waiting", settled_at=None) | (~Q(state="waiting") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(name="a_failed_run_item_says_why", condition=~Q(state="failed") | ~Q(message="")),
        ]
        indexes = [models.Index(name="run_item_waiting", fields=["run"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return str(self.period)
