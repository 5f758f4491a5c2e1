"""One person's interest in one product from one source."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Value

from leads.models.delivery import Delivery
from leads.models.product import Product
from leads.models.source import Source


class Lead(models.Model):
    """One person's interest in one product from one source."""

    # No foreign keys in the database: checking them row by row costs more than the write itself. A trigger checks once
    # per statement that referenced rows exist, and another prevents their deletion.
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="leads", db_constraint=False, db_index=False
    )
    # Compared byte by byte, whatever the database's collation, so that an index can serve prefix searches.
    external_id = models.CharField(max_length=200, db_collation="C", help_text="The source's ID for the lead.")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="leads", db_constraint=False)
    # No constraint and no index: a lead is written with its delivery, deliveries are never deleted, and leads are not
    # looked up by delivery. Each would slow down every write.
    delivery = models.ForeignKey(
        Delivery, on_delete=models.DO_NOTHING, related_name="leads", db_constraint=False, db_index=False
    )

    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    person_key = models.CharField(
        max_length=254,
        blank=True,
        db_collation="C",
        help_text="The normalized email address or, without one, phone number: identifies the same person across sources.",
    )
    phone = models.CharField(max_length=40, blank=True)
    firm = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=200, blank=True)
    is_test = models.BooleanField("test", default=False)
    consent = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="What the person agreed to, when and in which words, according to the source.",
    )
    attributes = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person showed interest, according to the source."
    )
    received_at = models.DateTimeField()

    class Meta:
        permissions = [("view_contacts", "Can see names, email addresses and phone numbers of leads")]
        constraints = [
            models.UniqueConstraint(name="a_sources_lead_id_names_one_lead", fields=["source", "external_id"]),
        ]
        indexes = [
            # Test leads are few, and so are the entries that they cost.
            models.Index(name="lead_test_of_source", fields=["source"], condition=Q(is_test=True)),
            models.Index(name="lead_person", fields=["person_key"], condition=~Q(person_key="")),
            # Leads are stored in the order of arrival, so one index entry per few pages is enough to find those of a day.
            BrinIndex(name="lead_received", fields=["received_at"], autosummarize=True),
        ]

    def __str__(self) -> str:
        return self.external_id
