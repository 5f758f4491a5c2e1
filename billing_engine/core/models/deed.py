"""The deed log."""

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Model, Q
from django.db.models.functions import Now


def reference(row: Model) -> str:
    """How a deed names what it touched, such as `invoices.invoice:12`."""
    return reference_to(row._meta.model, row.pk)  # not its type: Django's lazy user has another


def reference_to(model: type[Model], pk: object) -> str:
    """The same for a row that is not at hand."""
    return f"{model._meta.label_lower}:{pk}"


class DeedQuerySet(models.QuerySet["Deed"]):
    """Named filters for deeds."""

    def about(self, row: Model) -> Self:
        """Deeds that touched this row, latest first."""
        return self.filter(objects_touched__contains=[reference(row)]).order_by("-pk")

    def about_any(self, rows: Iterable[Model]) -> Self:
        """Deeds that touched any of these rows, latest first."""
        return self.filter(objects_touched__overlap=[reference(row) for row in rows]).order_by("-pk")

    def on(self, row: Model) -> Self:
        """Deeds whose subject is this row, latest first."""
        return self.about(row).filter(objects_touched__0=reference(row))


class Deed(models.Model):
    """One thing that a person, a source or the engine did: on what, when, from where, with which effect, and why."""

    class Actor(models.TextChoices):
        PERSON = "person", "Person"
        SOURCE = "source", "Source"
        ENGINE = "engine", "Engine"

    at = models.DateTimeField(db_default=Now(), editable=False)
    verb = models.CharField(max_length=60, help_text="What was done, such as invoice_approved.")
    actor = models.CharField(max_length=6, choices=Actor.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="deeds"
    )
    actor_name = models.CharField(max_length=200, help_text="The name of the person, source or task at that time.")
    task = models.CharField(max_length=100, blank=True, help_text="The task or command that carried it out, if any.")
    request = models.CharField(max_length=100, blank=True, help_text="The ID of the request, as in the log.")
    address = models.GenericIPAddressField(null=True, blank=True)
    objects_touched = ArrayField(
        models.CharField(max_length=120),
        db_column="objects",
        help_text="What it touched, such as invoices.invoice:12; the first is its subject.",
    )
    subject_name = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True, help_text="The changed values as they were, by field.")
    after = models.JSONField(default=dict, blank=True, help_text="The changed values as they are since, by field.")
    reason = models.TextField(blank=True)
    position = models.BigIntegerField(null=True, editable=False, help_text="Its place in the chain, from 1.")
    digest = models.BinaryField(
        null=True, editable=False, help_text="SHA-256 of the digest before it and the text of the deed."
    )

    objects = DeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_place_in_the_chain_of_deeds_is_taken_once", fields=["position"]),
            models.CheckConstraint(
                name="a_deed_of_a_person_names_the_person",
                condition=Q(actor="person", person__isnull=False) | ~Q(actor="person"),
            ),
            models.CheckConstraint(
                name="a_deed_in_the_chain_has_its_digest",
                condition=Q(position=None, digest=None) | Q(position__gte=1, digest__isnull=False),
            ),
            models.CheckConstraint(name="a_deed_touches_something", condition=Q(objects_touched__len__gte=1)),
        ]
        indexes = [
            GinIndex(name="deed_objects", fields=["objects_touched"]),
            models.Index(name="deed_not_in_chain", fields=["id"], condition=Q(position=None)),
            models.Index(name="deed_verb", fields=["verb", "id"]),
            BrinIndex(name="deed_at", fields=["at"], autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_name}"
