"""Exports: files of reports that take longer than a person waits on a page."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem

UNFINISHED = ("waiting", "running")


class ExportQuerySet(models.QuerySet["Export"]):
    """Named filters for exports."""

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def of(self, person_id: int | None) -> Self:
        """Those that this person asked for, and no one else sees."""
        return self.filter(asked_by=person_id)


class Export(LeasedItem):
    """One file of a report: asked for by a person, written by one worker, and kept for a few days for that person only."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        PARQUET = "parquet", "Parquet"
        PDF = "pdf", "PDF"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"
        EXPIRED = "expired", "Expired"

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    report = models.CharField(max_length=50, help_text="The kind of report, such as explorer.")
    query = models.TextField(blank=True, help_text="What was asked, as in the report's address.")
    title = models.CharField(max_length=300, help_text="What was asked, in words.")
    format = models.CharField(max_length=7, choices=Format.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    rows_written = models.PositiveBigIntegerField(default=0)
    total_rows = models.PositiveBigIntegerField(null=True, blank=True, help_text="Empty if unknown until all are read.")
    file_name = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    reason = models.TextField(blank=True, help_text="Why it failed.")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When its file is deleted.")

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="an_unfinished_export_has_a_next_attempt",
                condition=Q(state__in=UNFINISHED, next_attempt_at__isnull=False, finished_at=None)
                | ~Q(state__in=UNFINISHED) & Q(next_attempt_at=None, finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="only_a_ready_or_expired_export_has_a_file_name_and_a_last_day",
                condition=Q(state__in=["done", "expired"], expires_at__isnull=False) & ~Q(file_name="")
                | ~Q(state__in=["done", "expired"]) & Q(expires_at=None, file_name=""),
            ),
            models.CheckConstraint(name="a_failed_export_says_why", condition=~Q(state="failed") | ~Q(reason="")),
        ]
        indexes = [
            models.Index(name="export_of_person", fields=["asked_by", "id"]),
            models.Index(name="export_unfinished", fields=["next_attempt_at"], condition=Q(state__in=UNFINISHED)),
            models.Index(name="export_expires", fields=["expires_at"], condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_unfinished(self) -> bool:
        """Whether a worker still has to write it, or is writing it."""
        return self.state in UNFINISHED


class ExportPart(models.Model):
    """A few megabytes of an export's file, in order; deleted when the export expires."""

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField(help_text="Compressed with zlib.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="an_export_has_each_part_once", fields=["export", "number"]),
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of {self.export}"
