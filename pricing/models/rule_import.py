"""Imports of price rules: the file of each, its dry run, and what it created."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem


class RuleImportQuerySet(models.QuerySet["RuleImport"]):
    """Queries for imports."""

    def in_progress(self) -> Self:
        """Those that a worker checks or applies."""
        return self.filter(state__in=(RuleImport.State.WAITING, RuleImport.State.APPLYING))


class RuleImport(LeasedItem):
    """A spreadsheet of price rules that a worker checks row by row; once its uploader applies it, it creates drafts."""

    class State(models.TextChoices):
        WAITING = "waiting", "Checking"
        CHECKED = "checked", "Checked"
        APPLYING = "applying", "Applying"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    name = models.CharField(max_length=200, help_text="The file's name.")
    body = models.BinaryField(help_text="The file as it was uploaded.")
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    rows = models.PositiveIntegerField(default=0, help_text="Number of rows, once the file is read.")
    rows_checked = models.PositiveIntegerField(default=0)
    report = models.JSONField(
        default=dict, blank=True, help_text="What the dry run found: faults, and drafts to create."
    )
    message = models.TextField(blank=True, help_text="Why it failed, or why nothing was created.")

    objects = RuleImportQuerySet.as_manager()

    class Meta:
        verbose_name = "rule import"
        constraints = [
            models.CheckConstraint(name="a_failed_rule_import_says_why", condition=~Q(state="failed") | ~Q(message="")),
            models.CheckConstraint(
                name="a_rule_import_that_waits_says_until_when",
                condition=Q(state__in=["waiting", "applying"], next_attempt_at__isnull=False)
                | ~Q(state__in=["waiting", "applying"]) & Q(next_attempt_at=None),
            ),
        ]
        indexes = [
            models.Index(
                name="rule_import_unsettled",
                fields=["next_attempt_at"],
                condition=Q(state__in=["waiting", "applying"]),
            )
        ]

    def __str__(self) -> str:
        return self.name
