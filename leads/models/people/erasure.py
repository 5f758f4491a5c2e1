"""Erasures: what was cleared of a person's data, or because its time was over, and the bodies that lie in the archive."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing_engine.core.queues.items import WorkPass
from billing_engine.core.queues.progress import percent
from leads.models.source import Source


class Erasure(WorkPass):
    """One erasure of contact data: everything that is held of a person, or what a source's retention lets go."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        BODIES = "bodies", "Retention of raw bodies"
        CONTACTS = "contacts", "Retention of contact data"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200, help_text="It stays, so it must not name the person.")
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, related_name="erasures", db_index=False
    )
    before = models.DateTimeField(null=True, blank=True, help_text="Retention: what was received before it is cleared.")
    pseudonyms = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="A keyed hash of the person."
    )
    person = models.JSONField(
        default=dict, blank=True, help_text="What the person is found by, until the erasure is finished."
    )
    held_until = models.DateField(null=True, blank=True, help_text="Deferred until this day, when it is tried again.")
    held_because = models.CharField(max_length=200, blank=True)
    total = models.PositiveIntegerField(default=0, help_text="How many rows are looked through.")
    done = models.PositiveIntegerField(default=0)
    reached = models.BigIntegerField(default=0, help_text="The last row that was looked through.")
    up_to = models.BigIntegerField(default=0, help_text="The last row that was there at the start.")
    leads = models.PositiveIntegerField(default=0)
    bodies = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField("quarantined items", default=0)
    others = models.PositiveIntegerField("other rows", default=0)
    failed = models.PositiveIntegerField(default=0, help_text="Rows that could not be cleared.")
    stopped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("find_person", "Can find a person's data and export it")]
        constraints = [
            models.CheckConstraint(
                name="a_finished_erasure_names_no_person", condition=Q(finished_at=None) | Q(person={})
            ),
            models.CheckConstraint(
                name="an_erasure_is_of_a_person_or_of_a_source",
                condition=Q(kind="person", source=None) | (~Q(kind="person") & Q(source__isnull=False)),
            ),
            models.CheckConstraint(name="an_erasure_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="a_deferred_erasure_says_why", condition=Q(held_until=None) | ~Q(held_because="")
            ),
            models.CheckConstraint(name="an_erasure_does_at_most_what_there_is", condition=Q(done__lte=F("total"))),
            models.UniqueConstraint(
                name="a_source_has_one_retention_run_of_a_kind_at_a_time",
                fields=["source", "kind"],
                condition=Q(finished_at=None, source__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"

    @property
    def kind_in_words(self) -> str:
        return self.get_kind_display()

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 if self.finished_at else percent(self.done, self.total) if self.total else 0


class Redaction(models.Model):
    """One row that an erasure cleared, with the digest of what it held before."""

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="redactions", db_index=False)
    of = models.CharField(max_length=20, help_text="What it is: lead, body, item, or a row of another part.")
    row = models.BigIntegerField()
    sha256 = models.CharField(
        "digest", max_length=64, blank=True, help_text="SHA-256 of what it held before. Empty for leads."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="an_erasure_clears_a_row_once", fields=["erasure", "of", "row"]),
        ]
        indexes = [models.Index(name="redaction_of_a_row", fields=["of", "row"])]

    def __str__(self) -> str:
        return f"{self.of} {self.row}"
