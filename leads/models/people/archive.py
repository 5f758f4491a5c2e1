"""Raw bodies in the archive, and the runs that move them there."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.queues.items import WorkPass
from billing_engine.core.queues.progress import percent
from leads.models.delivery import Delivery


class ArchivedBody(models.Model):
    """The raw body of a delivery that lies in the archive instead of the database."""

    delivery = models.OneToOneField(
        Delivery, on_delete=models.PROTECT, primary_key=True, related_name="archived", serialize=False
    )
    sha256 = models.CharField(
        "digest", max_length=64, help_text="Of the bytes in the archive; part of their name there."
    )
    archived_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"bodies/{self.delivery_id}/{self.sha256}"


class LeavingBody(models.Model):
    """An object that must leave the archive, because its body was redacted or its time is over."""

    name = models.CharField(max_length=120, unique=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "leaving bodies"

    def __str__(self) -> str:
        return self.name


class ArchiveRun(WorkPass):
    """One pass that moves raw bodies to the archive."""

    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    before = models.DateTimeField(help_text="Bodies received before it are moved.")
    total = models.PositiveIntegerField()
    moved = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True, help_text="Why the last one that failed did.")
    moved_bytes = models.BigIntegerField(default=0)
    reached = models.BigIntegerField(default=0)
    up_to = models.BigIntegerField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="bodies_are_moved_by_one_run_at_a_time", condition=Q(finished_at=None)
            ),
            models.CheckConstraint(
                name="an_archive_run_moves_at_most_what_there_is", condition=Q(total__gte=F("moved") + F("failed"))
            ),
        ]

    def __str__(self) -> str:
        return f"Archive run {self.pk}"

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 if self.finished_at else percent(self.moved + self.failed, self.total)
