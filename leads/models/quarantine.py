"""The history of quarantined items: what people did with them, and bulk retries."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.queues.items import WorkPass
from billing_engine.core.queues.progress import percent
from leads.models.delivery import Delivery, QuarantinedItem
from leads.models.source import Source


class QuarantineStep(models.Model):
    """One thing done about a quarantined item: what, by whom, when, and the result.

    The deed log says so too. The step stays because it refers to its delivery, and lists of items read it in one query.
    """

    class Kind(models.TextChoices):
        REFUSED_AGAIN = "refused_again", "Retried and refused again"
        REPAIRED = "repaired", "Retried and stored"
        JOINED = "joined", "Joined by itself"
        TOOK_NEW = "took_new", "Replaced with the new version"
        DISCARDED = "discarded", "Discarded"

    item = models.ForeignKey(QuarantinedItem, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=13, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, help_text="The reason given, or what was still wrong with the item.")
    changed = models.JSONField(
        default=dict, blank=True, help_text="What the person or the new version changed: each member before and after."
    )
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The delivery it was stored with.",
    )

    class Meta:
        indexes = [
            models.Index(name="quarantine_step_delivery", fields=["delivery"], condition=Q(delivery__isnull=False))
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Correction(models.Model):
    """What a person changed about a stored lead or action: by repairing it in quarantine or replacing it with a new version."""

    step = models.ForeignKey(QuarantineStep, on_delete=models.PROTECT, related_name="corrections")
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="corrections")
    action = models.ForeignKey(
        "leads.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        help_text="Empty if the lead itself was changed.",
    )
    changed = models.JSONField(help_text="Each changed member before and after.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_step_corrects_a_lead_or_action_once", fields=["step", "lead", "action"], nulls_distinct=False
            ),
            models.CheckConstraint(name="a_correction_changes_something", condition=~Q(changed={})),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.action or self.lead}"


class BulkRetry(WorkPass):
    """One pass over waiting items of one source with one code, as they are or fixed: how many were stored or refused again."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="bulk_retries", db_index=False)
    code = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    total = models.PositiveIntegerField(help_text="How many items were waiting at the start.")
    stored = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="How many were refused again.")
    reached = models.BigIntegerField(default=0, help_text="The last item that was tried.")
    up_to = models.BigIntegerField(help_text="The last item that was waiting at the start.")
    fix = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="What is changed, and the cause. Empty if retried unchanged."
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "bulk retries"
        constraints = [
            models.UniqueConstraint(
                name="one_bulk_retry_of_a_source_and_code_at_a_time",
                fields=["source", "code"],
                condition=Q(finished_at=None, stopped_at=None),
            ),
            models.CheckConstraint(
                name="a_bulk_retry_tries_what_waited", condition=Q(total__gte=F("stored") + F("refused"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.code}"

    @property
    def percent(self) -> int:
        """How much of the pass is done."""
        return 100 if self.finished_at else percent(self.stored + self.refused, self.total)
