"""Paying online: the links that customers follow, their checkout sessions, and what the payment provider told us."""

from decimal import Decimal
from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from leads.models import Company, Customer
from receivables.models.ledger import LedgerDocument

LONGEST_ID = 255  # of anything at Stripe


class PaymentLink(models.Model):
    """An address of ours at which a customer pays certain invoices online; it tells no number."""

    token = models.CharField(max_length=43, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payment_links")
    seller = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    documents = models.ManyToManyField(LedgerDocument, related_name="payment_links")
    documents_key = models.CharField(
        max_length=64, unique=True, help_text="Made from the documents: each set of them has one link."
    )
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Payment link of {self.customer}"


class CheckoutSessionQuerySet(models.QuerySet["CheckoutSession"]):
    """Named filters for sessions."""

    def open(self) -> Self:
        return self.filter(state=CheckoutSession.State.OPEN)

    def on_its_way(self) -> Self:
        """The customer has paid, and the bank has not confirmed it yet."""
        return self.filter(state=CheckoutSession.State.PROCESSING)


class CheckoutSession(models.Model):
    """One visit to the payment provider's page: what was to be paid of which invoices, and the outcome."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PROCESSING = "processing", "On its way"
        PAID = "paid", "Paid"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    link = models.ForeignKey(PaymentLink, on_delete=models.PROTECT, related_name="sessions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)
    external_id = models.CharField(max_length=LONGEST_ID, blank=True)
    url = models.TextField(blank=True)
    asked_at = models.DateTimeField()

    objects = CheckoutSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_checkout_session_is_for_something", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Checkout session {self.uid.hex[:8]}"


class CheckoutItem(models.Model):
    """An invoice in a checkout session, and what was to be paid of it then."""

    checkout = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="items")
    document = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="checkout_items")
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_session_names_an_invoice_once", fields=["checkout", "document"]),
            models.CheckConstraint(name="a_checkout_item_is_for_something", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.document} in {self.checkout}"


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
