"""What the payment provider told us, and the money that moved there."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from receivables.models.ledger import LedgerDocument
from receivables.models.online.checkout import LONGEST_ID, CheckoutSession


class OnlineMovement(models.Model):
    """Money that moved at the payment provider and stands in the ledger: with its document, and the fee posted there."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        REFUND = "refund", "Refund"
        CHARGEBACK = "chargeback", "Chargeback"
        BACK = "back", "Money came in again"
        PAYOUT = "payout", "Payout"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    external_id = models.CharField(
        max_length=LONGEST_ID, unique=True, help_text="Of the payment intent, refund, dispute or payout."
    )
    document = models.OneToOneField(LedgerDocument, on_delete=models.PROTECT, related_name="online")
    checkout = models.OneToOneField(
        CheckoutSession, on_delete=models.PROTECT, null=True, blank=True, related_name="payment"
    )
    undoes = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        help_text="The payment that is refunded or charged back, or what came in again.",
    )
    paid_out_by = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holds",
        help_text="Its payout, if paid out.",
    )
    fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, default=Decimal(0))

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.external_id}"


class OnlineEventQuerySet(models.QuerySet["OnlineEvent"]):
    """Named filters for events."""

    def for_a_person(self) -> Self:
        return self.filter(state__in=[OnlineEvent.State.OPEN, OnlineEvent.State.PARTLY])


class OnlineEvent(models.Model):
    """What the payment provider told us once: stored with its effect, or with why it has none."""

    class State(models.TextChoices):
        OPEN = "open", "Not booked"
        PARTLY = "partly", "Booked in part"
        DONE = "done", "Booked"
        NOTHING = "nothing", "Nothing to book"
        ASIDE = "aside", "Set aside"

    external_id = models.CharField(max_length=LONGEST_ID, unique=True)
    kind = models.CharField(max_length=100)
    subject = models.CharField(max_length=LONGEST_ID, blank=True, help_text="The payment intent that it is about.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    body = models.JSONField(help_text="As it came, without the payer's details.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    why = models.TextField(blank=True)
    document = models.ForeignKey(
        LedgerDocument, on_delete=models.PROTECT, null=True, blank=True, related_name="online_events"
    )
    run_at = models.DateTimeField(null=True, blank=True)

    objects = OnlineEventQuerySet.as_manager()

    class Meta:
        verbose_name = "online payment event"
        indexes = [
            models.Index(
                name="online_event_for_a_person", fields=["subject"], condition=Q(state__in=["open", "partly"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.in_words} {self.external_id}"

    @property
    def in_words(self) -> str:
        """`Checkout session completed`, from Stripe's name of it."""
        return self.kind.replace(".", " ").replace("_", " ").capitalize()
