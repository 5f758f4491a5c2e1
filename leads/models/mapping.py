"""How the records of a source become leads: its mappings, each with all its revisions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads.models.source import Source


class SourceMapping(models.Model):
    """A way in which a source's own records become leads; its last revision says how."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="mappings", db_index=False)
    name = models.CharField(max_length=80, help_text="What it is for, such as: Calls.")
    door = models.CharField(
        "for", max_length=40, help_text="Through which door the records come: files, the API, or a kind of webhook."
    )
    is_active = models.BooleanField("active", default=True, help_text="An inactive mapping converts nothing.")
    place = models.PositiveSmallIntegerField(
        "order",
        default=1,
        help_text="Of several mappings, the first whose condition holds converts the record.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "source", Lower("name"), name="a_source_has_one_mapping_of_a_name_whatever_its_case"
            ),
            models.CheckConstraint(name="a_mapping_has_a_name_and_a_door", condition=~Q(name="") & ~Q(door="")),
        ]
        indexes = [models.Index(name="mapping_of_source", fields=["source", "door", "place", "id"])]

    def __str__(self) -> str:
        return f"{self.name} of {self.source}"


class MappingRevision(models.Model):
    """One version of a mapping: its document, who wrote it, when and why; the last one is in force."""

    mapping = models.ForeignKey(SourceMapping, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.JSONField()
    reason = models.CharField(max_length=500)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_mapping_has_one_revision_of_a_number", fields=["mapping", "number"]),
            models.CheckConstraint(name="a_revision_of_a_mapping_says_why", condition=~Q(reason="") & Q(number__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Revision {self.number} of {self.mapping}"
