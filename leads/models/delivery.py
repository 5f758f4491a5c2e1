"""What came in, as it came in."""

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

# What becomes of an item; each outcome has a column per kind, and they add up to what was received.
OUTCOMES = ("created", "updated", "duplicate", "conflict", "quarantined", "test")


def _sum_of(kind: str) -> Combinable:
    first, *others = (F(f"{kind}_{outcome}") for outcome in OUTCOMES)
    return reduce(add, others, first)


class Delivery(models.Model):
    """One request or file as it was received: raw body, digest, counts, outcome."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="deliveries")
    received_at = models.DateTimeField()
    name = models.CharField(max_length=200, blank=True, help_text="The file, where it came as one.")
    content_type = models.CharField(max_length=100)
    body = models.BinaryField(help_text="The bytes as received, compressed with zlib.")
    body_size = models.PositiveIntegerField(help_text="Bytes before compression.")
    body_sha256 = models.CharField("digest", max_length=64, help_text="SHA-256 of the bytes as received.")

    batch_id = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="The sender's own, of an envelope."
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent, as its envelope says.")
    idempotency_key = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="A request with the same one gets its answer."
    )
    answer = models.BinaryField(
        default=b"", db_default=b"", help_text="The receipt as it was answered, compressed with zlib."
    )

    # Of a file that has lines, without those of its header; each has one outcome.
    lines_read = models.PositiveIntegerField(default=0, db_default=0)
    lines_taken = models.PositiveIntegerField(default=0, db_default=0, help_text="Of rows that became leads.")
    lines_blank = models.PositiveIntegerField(default=0, db_default=0)
    lines_refused = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Of rows that can't be read; they wait in quarantine."
    )

    # An item is a lead or an action: each gets a result of its own, and each kind adds up.
    leads_received = models.PositiveIntegerField(default=0)
    leads_created = models.PositiveIntegerField(default=0)
    leads_updated = models.PositiveIntegerField(default=0, help_text="Known ones that got something new.")
    leads_duplicate = models.PositiveIntegerField(default=0)
    leads_conflict = models.PositiveIntegerField(default=0, db_default=0)
    leads_quarantined = models.PositiveIntegerField(default=0)
    leads_test = models.PositiveIntegerField(default=0, db_default=0, help_text="Stored as tests, never charged.")
    actions_received = models.PositiveIntegerField(default=0)
    actions_created = models.PositiveIntegerField(default=0)
    actions_updated = models.PositiveIntegerField(default=0, db_default=0, help_text="Known ones that were voided.")
    actions_duplicate = models.PositiveIntegerField(default=0)
    actions_conflict = models.PositiveIntegerField(default=0, db_default=0)
    actions_quarantined = models.PositiveIntegerField(default=0)
    actions_test = models.PositiveIntegerField(default=0, db_default=0, help_text="Stored as tests, never charged.")

    class Meta:
        verbose_name_plural = "deliveries"
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
                fields=["source", "idempotency_key"],
                condition=~Q(idempotency_key=""),
            ),
        ]
        indexes = [
            models.Index(
                name="delivery_received_at",
                fields=["received_at"],
                # So that a month's figures are read from the index alone, however large the bodies are.
                include=[f"{kind}_{name}" for kind in ("leads", "actions") for name in ("received", *OUTCOMES)],
            ),
            models.Index(
                name="delivery_of_lines",
                fields=["received_at"],
                include=["lines_read", "lines_taken", "lines_blank", "lines_refused"],
                condition=Q(lines_read__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class QuarantinedItemQuerySet(models.QuerySet["QuarantinedItem"]):
    """Quarantined items, asked for in English."""

    def waiting(self) -> Self:
        return self.filter(state=QuarantinedItem.State.WAITING)

    def of_month(self, month: str) -> Self:
        """Those that count to it."""
        return self.filter(months__contains=[month])


class QuarantinedItem(models.Model):
    """One item of a delivery that was refused: the item, where in it, error code and message."""

    class Kind(models.TextChoices):
        LEAD = "lead", "Lead"
        ACTION = "action", "Action"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        REPAIRED = "repaired", "Repaired"
        DISCARDED = "discarded", "Discarded"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="quarantined_items")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="quarantined_items")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    pointer = models.CharField("where", max_length=200, help_text="JSON pointer into the delivery's body.")
    code = models.CharField(max_length=40, db_index=True)
    message = models.TextField()
    content = models.JSONField(
        help_text="The lead as received, for an action with just this action; of a file, the record."
    )
    actions_held = models.PositiveIntegerField(default=0, help_text="How many actions wait in it.")
    lead_external_id = models.CharField(
        "lead", max_length=200, blank=True, default="", db_default="", help_text="The source's own id of its lead."
    )
    digest = models.BinaryField(null=True, help_text="SHA-256 of kind and content: the same is kept once.")
    times_sent = models.PositiveIntegerField(default=1, db_default=1, help_text="How often just this was sent.")
    stored_action = models.ForeignKey(
        "leads.Action",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="conflicts",
        db_index=False,
        help_text="What it is in conflict with.",
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="The earliest time in it that can be read.")
    zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="The time zone of its customer, where that is known; otherwise its months are those of UTC.",
    )
    months = ArrayField(
        models.CharField(max_length=7),
        help_text="In which it occurred, or else was received: there it counts until it is settled.",
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    settled_note = models.TextField("note", blank=True)

    objects = QuarantinedItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(name="quarantine_waiting", fields=["received_at"], condition=Q(state="waiting")),
            GinIndex(name="quarantine_by_month", fields=["months"], condition=Q(state="waiting")),
            models.Index(name="quarantine_of_lead", fields=["source", "lead_external_id"]),
            # What waits, by source and code: counted, and walked through, from the index alone.
            models.Index(
                name="quarantine_groups",
                fields=["source", "code", "id"],
                include=["actions_held", "received_at"],
                condition=Q(state="waiting"),
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
