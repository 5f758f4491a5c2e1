"""The links at which customers pay online, and their checkout sessions."""

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
