"""Deliveries as they were received, and their quarantined items."""

from functools import reduce
from operator import add
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable

from leads.models.source import Source

# The outcomes of an item. Each has a column for leads and one for actions; together they add up to what was received.
OUTCOMES = ("created", "updated", "duplicate", "conflict", "quarantined", "test")


def _sum_of(kind: str) -> Combinable:
    first, *others = (F(f"{kind}_{outcome}") for outcome in OUTCOMES)
    return reduce(add, others, first)


class Delivery(models.Model):
    """One request or file as it was received, with its raw body, digest, counts and receipt."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="deliveries")
    received_at = models.DateTimeField()
    name = models.CharField(max_length=200, blank=True, help_text="The file name, if it was a file.")
    content_type = models.CharField(max_length=100)
    body = models.BinaryField(help_text="The received bytes, compressed with zlib.")
    body_size = models.PositiveIntegerField(help_text="Size in bytes before compression.")
    body_sha256 = models.CharField("digest", max_length=64, help_text="SHA-256 of the received bytes.")

    batch_id = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="The sender's batch ID, from the envelope."
    )
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text="When the sender says it was sent, from the envelope."
    )
    idempotency_key = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="A repeated request with this key gets the same receipt.",
    )
    is_test = models.BooleanField(
        "test", default=False, db_default=False, help_text="Sent with a test key: every lead is a test."
    )
    answer = models.BinaryField(
        default=b"", db_default=b"", help_text="The receipt as it was sent, compressed with zlib."
    )

    # For files with lines, not counting the header; each line has one outcome.
    lines_read = models.PositiveIntegerField(default=0, db_default=0)
    lines_taken = models.PositiveIntegerField(default=0, db_default=0, help_text="Lines of rows that became leads.")
    lines_blank = models.PositiveIntegerField(default=0, db_default=0)
    lines_refused = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Lines of rows that can't be read; these are in quarantine."
    )

    # An item is a lead or an action. Each gets its own result, and each kind adds up.
    leads_received = models.PositiveIntegerField(default=0)
    leads_created = models.PositiveIntegerField(default=0)
    leads_updated = models.PositiveIntegerField(default=0, help_text="Known leads that received something new.")
    leads_duplicate = models.PositiveIntegerField(default=0)
    leads_conflict = models.PositiveIntegerField(default=0, db_default=0)
    leads_quarantined = models.PositiveIntegerField(default=0)
    leads_test = models.PositiveIntegerField(default=0, db_default=0, help_text="Stored as tests and never charged.")
    actions_received = models.PositiveIntegerField(default=0)
    actions_created = models.PositiveIntegerField(default=0)
    actions_updated = models.PositiveIntegerField(default=0, db_default=0, help_text="Known actions that were voided.")
    actions_duplicate = models.PositiveIntegerField(default=0)
    actions_conflict = models.PositiveIntegerField(default=0, db_default=0)
    actions_quarantined = models.PositiveIntegerField(default=0)
    actions_test = models.PositiveIntegerField(default=0, db_default=0, help_text="Stored as tests and never charged.")

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("view_raw_bodies", "Can see what sources sent, word for word, with contact data")]
        constraints = [
            models.CheckConstraint(
                name="every_received_lead_has_exactly_one_outcome",
                condition=Q(leads_received=_sum_of("leads")),
            ),
            models.CheckConstraint(
                name="every_received_action_has_exactly_one_outcome",
                condition=Q(actions_received=_sum_of("actions")),
            ),
            models.CheckConstraint(
                name="every_line_read_has_exactly_one_outcome",
                condition=Q(lines_read=F("lines_taken") + F("lines_blank") + F("lines_refused")),
            ),
            models.UniqueConstraint(
                name="an_idempotency_key_names_one_delivery",
                fields=["source", "idempotency_key", "is_test"],
                condition=~Q(idempotency_key=""),
            ),
        ]
        indexes = [
            models.Index(
                name="delivery_received_at",
                fields=["received_at"],
                # A month's figures are read from the index alone, however large the bodies are.
                include=[f"{kind}_{name}" for kind in ("leads", "actions") for name in ("received", *OUTCOMES)],
            ),
            models.Index(
                name="delivery_of_source",
                fields=["source", "received_at"],
                # A source's figures, and its last delivery, are read from the index alone.
                include=[f"{kind}_{name}" for kind in ("leads", "actions") for name in OUTCOMES],
            ),
            models.Index(
                name="delivery_of_lines",
                fields=["received_at"],
                include=["lines_read", "lines_taken", "lines_blank", "lines_refused"],
                condition=Q(lines_read__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return delivery_name(self.pk)


def delivery_name(pk: int) -> str:
    """The name of a delivery."""
    return f"Delivery {pk}"


class QuarantinedItemQuerySet(models.QuerySet["QuarantinedItem"]):
    """Named filters for quarantined items."""

    def waiting(self) -> Self:
        return self.filter(state=QuarantinedItem.State.WAITING)

    def for_person(self) -> Self:
        """Waiting items that a person has to settle."""
        return self.waiting().filter(waits_until=None)

    def for_another(self) -> Self:
        """Waiting items that join by themselves when the lead or action they refer to arrives."""
        return self.waiting().filter(waits_until__isnull=False)

    def of_month(self, month: str) -> Self:
        """Items that count toward this month."""
        return self.filter(months__contains=[month])


class QuarantinedItem(models.Model):
    """One item of a delivery that was refused, with its content, the error and where in the delivery it is."""

    class Kind(models.TextChoices):
        LEAD = "lead", "Lead"
        ACTION = "action", "Action"

    NOT_FETCHED = "lead_not_fetched"  # its sender told only the ID of the lead

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        REPAIRED = "repaired", "Repaired"
        DISCARDED = "discarded", "Discarded"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="quarantined_items")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="quarantined_items")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    pointer = models.CharField("where", max_length=200, help_text="JSON pointer into the body of the delivery.")
    code = models.CharField(max_length=40, db_index=True)
    message = models.TextField()
    content = models.JSONField(
        help_text="The lead as received. For an action: its lead with only this action. For a file: the record."
    )
    actions_held = models.PositiveIntegerField(default=0, help_text="How many actions are held in this item.")
    lead_external_id = models.CharField(
        "lead", max_length=200, blank=True, default="", db_default="", help_text="The source's ID for the lead."
    )
    digest = models.BinaryField(
        null=True, help_text="SHA-256 of kind and content. An identical item is kept only once."
    )
    times_sent = models.PositiveIntegerField(default=1, db_default=1, help_text="How often this exact item was sent.")
    stored_action = models.ForeignKey(
        "leads.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="conflicts",
        db_index=False,
        help_text="The stored action this item conflicts with.",
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    waits_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until when it waits for the lead or action it refers to. Empty if it needs a person.",
    )
    waits_for = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="The source's ID of the action it waits for. Empty if it waits for its lead.",
    )
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="The earliest readable time in the item.")
    zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="The customer's time zone, if known. Otherwise months are in UTC.",
    )
    months = ArrayField(
        models.CharField(max_length=7),
        help_text="The months it occurred in, or else was received in. It counts toward these until it is settled.",
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    settled_note = models.TextField("note", blank=True)

    objects = QuarantinedItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                name="quarantine_waiting",
                fields=["received_at"],
                include=["waits_until"],
                condition=Q(state="waiting"),
            ),
            GinIndex(name="quarantine_by_month", fields=["months"], condition=Q(state="waiting")),
            models.Index(name="quarantine_of_lead", fields=["source", "lead_external_id"]),
            # Intake looks here for items that wait for a lead or action of the delivery.
            models.Index(
                name="quarantine_for_another",
                fields=["source", "lead_external_id"],
                condition=Q(state="waiting", waits_until__isnull=False),
            ),
            # Items for a person by source and code are counted and walked through from the index alone.
            models.Index(
                name="quarantine_groups",
                fields=["source", "code", "id"],
                include=["actions_held", "received_at"],
                condition=Q(state="waiting", waits_until=None),
            ),
            # The items that a source sent in some days, by code, waiting or not.
            models.Index(
                name="quarantine_of_source", fields=["source", "received_at"], include=["code", "state", "id"]
            ),
            models.Index(
                name="quarantine_of_an_action", fields=["stored_action"], condition=Q(stored_action__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_settled_item_says_when",
                condition=Q(state="waiting", settled_at=None) | (~Q(state="waiting") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="only_a_waiting_item_waits_for_another", condition=Q(state="waiting") | Q(waits_until=None)
            ),
            models.CheckConstraint(name="a_quarantined_item_counts_to_a_month", condition=Q(months__len__gt=0)),
            models.UniqueConstraint(
                name="the_same_refused_item_waits_once", fields=["source", "digest"], condition=Q(state="waiting")
            ),
            models.CheckConstraint(
                name="a_discarded_item_says_why", condition=~Q(state="discarded") | ~Q(settled_note="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.pointer or '/'}: {self.code}"

    @property
    def awaited(self) -> str:
        """What it waits for before it needs a person: lead, action or fields; empty if it needs one now or is settled."""
        if self.waits_until is None:
            return ""
        if self.code == self.NOT_FETCHED:
            return "fields"
        return "action" if self.waits_for else "lead"
