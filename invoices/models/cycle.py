"""Months as finance closes them, with their history."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import WorkPass
from leads.models import BillingPeriod


class BillingCycle(WorkPass):
    """One month across all customers: open, then locked, then closed for good once all its invoices are issued."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        LOCKED = "locked", "Locked"
        CLOSED = "closed", "Closed"

    label = models.CharField(max_length=10, unique=True, help_text="The name of the cycle, such as 2026-10.")
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)

    class BulkAction(models.TextChoices):
        NONE = "", "Nothing"
        APPROVE = "approve", "Approving"
        ISSUE = "issue", "Issuing"
        SEND = "send", "Sending"

    bulk_action = models.CharField(
        max_length=7, choices=BulkAction.choices, blank=True, help_text="The bulk action in progress on its invoices."
    )
    bulk_issued_on = models.DateField(
        null=True, blank=True, help_text="For issuing: the date of the invoices. Empty: the day each is issued."
    )
    bulk_then_send = models.BooleanField(
        default=False, db_default=False, help_text="For issuing: whether sending starts when it is done."
    )
    bulk_action_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "month close"
        constraints = [
            models.CheckConstraint(
                name="a_bulk_action_names_who_started_it",
                condition=Q(bulk_action="") | Q(bulk_action_by__isnull=False),
            ),
            models.CheckConstraint(
                name="only_issuing_goes_on_to_send", condition=Q(bulk_then_send=False) | Q(bulk_action="issue")
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CycleStep(models.Model):
    """A step in a month's close: what a person or the schedule did to the month or one of its invoices, and why.

    The deed log says so too. The step stays because skipped invoices refer to it, and a bulk action counts on it.
    """

    class Kind(models.TextChoices):
        RUN = "run", "Billing run started"
        APPROVED = "approve", "Approve all"
        LOCKED = "locked", "Locked"
        REOPENED = "reopened", "Reopened"
        ISSUED = "issue", "Issue all"
        SENT = "send", "Send all"
        PERIOD = "period", "Period reopened"
        VOIDED = "void", "Invoice voided"
        BILLED_AGAIN = "rebill", "Billed again"
        CLOSED = "closed", "Closed"

    cycle = models.ForeignKey(BillingCycle, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the schedule.",
    )
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    period = models.ForeignKey(
        BillingPeriod,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cycle_steps",
        help_text="For a step on a single period or its invoice.",
    )
    about = models.CharField(
        max_length=300, blank=True, db_default="", help_text="The cycle, period or invoice concerned."
    )
    done = models.PositiveIntegerField(
        default=0, db_default=0, help_text="For a bulk action: the number of invoices processed."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_reopened_cycle_has_a_reason", condition=~Q(kind="reopened") | ~Q(reason="")),
            models.CheckConstraint(
                name="only_a_run_starts_without_a_person", condition=Q(by__isnull=False) | Q(kind="run")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} {self.kind}"


class SkippedInvoice(models.Model):
    """An invoice that a bulk action left unchanged, and why."""

    step = models.ForeignKey(CycleStep, on_delete=models.CASCADE, related_name="skipped")
    invoice = models.ForeignKey(
        "invoices.Invoice",
        on_delete=models.SET_NULL,
        null=True,
        related_name="skips",
        help_text="Empty: the draft was regenerated or deleted.",
    )
    name = models.CharField(max_length=300)
    code = models.CharField(max_length=40)
    message = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_bulk_action_skips_an_invoice_once", fields=["step", "invoice"]),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
