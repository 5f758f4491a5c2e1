"""Imports of files: each is looked at, tried in a dry run, and then stored part by part."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.queues.items import WorkItem
from leads.models.source import Source

BUSY = ("dry_running", "importing", "undoing")


class FileImportQuerySet(models.QuerySet["FileImport"]):
    """Queries for file imports."""

    def in_progress(self) -> Self:
        """Those that a worker reads, stores or undoes."""
        return self.filter(state__in=BUSY)


class FileImport(WorkItem):
    """A file of leads that a person uploads: a worker tries all of it in a dry run, then stores it part by part."""

    class State(models.TextChoices):
        LOOKED = "looked", "To be checked"
        DRY_RUNNING = "dry_running", "Dry run"
        READY = "ready", "Ready to import"
        IMPORTING = "importing", "Importing"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Imported"
        FAILED = "failed", "Broke off"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Discarded"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="file_imports")
    name = models.CharField("file", max_length=200, help_text="The file's name.")
    size = models.PositiveBigIntegerField(help_text="Size in bytes.")
    sha256 = models.CharField("SHA-256", max_length=64)
    kept_as = models.CharField(
        max_length=100, blank=True, help_text="The name of the bytes in the file storage; empty once they are deleted."
    )
    faulty_as = models.CharField(
        max_length=100,
        blank=True,
        help_text="The name of the faulty rows in the file storage, after a dry run that found any.",
    )
    reading = models.JSONField(
        default=dict, blank=True, help_text="How the file is read, as a person has confirmed it."
    )
    found = models.JSONField(
        default=dict, blank=True, help_text="What was found in the bytes; the first rows are deleted with the file."
    )
    mapping = models.JSONField(
        default=list,
        blank=True,
        help_text="The mappings of the dry run with their revisions; the import uses the same.",
    )
    state = models.CharField(max_length=11, choices=State.choices, default=State.LOOKED)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who asked for the latest step.",
    )
    position = models.BigIntegerField(default=0, help_text="Where the current step is in the file.")
    line = models.BigIntegerField(default=0, help_text="The number of the last line, row or item of the current step.")
    percent = models.PositiveSmallIntegerField(default=0, help_text="How much of the current step is done.")
    dry_run = models.JSONField(default=dict, blank=True, help_text="What the dry run found.")
    result = models.JSONField(default=dict, blank=True, help_text="What was stored so far, by outcome and by fault.")
    lines_read = models.PositiveBigIntegerField(default=0)
    lines_taken = models.PositiveBigIntegerField(default=0)
    lines_blank = models.PositiveBigIntegerField(default=0)
    lines_refused = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When a person first started the import.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When all of the file was stored.")
    message = models.TextField(blank=True, help_text="Why the latest step broke off.")

    objects = FileImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="each_line_of_an_imported_file_has_one_outcome",
                condition=Q(lines_read=F("lines_taken") + F("lines_blank") + F("lines_refused")),
            ),
            models.CheckConstraint(
                name="a_file_import_that_broke_off_says_why", condition=~Q(state="failed") | ~Q(message="")
            ),
        ]
        indexes = [
            models.Index(name="file_import_in_progress", fields=["id"], condition=Q(state__in=BUSY)),
            models.Index(name="file_import_digest", fields=["sha256"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def deed_name(self) -> str:
        """What deeds call it: a file may be named after a person, and a deed is never erased."""
        return f"File {self.pk}"
