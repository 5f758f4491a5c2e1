"""Customers' credit balances."""

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models.invoice import Invoice
from leads.models import Customer


class CreditEntry(models.Model):
    """One movement of a customer's credit balance, caused by an invoice; the balance is the sum of its entries."""

    class Kind(models.TextChoices):
        CARRIED = "carried", "Carried forward"
        USED = "used", "Used"
        REVERSED = "reversed", "Reversed by a void"
        RETURNED = "returned", "Returned by a void"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_entries")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="credit_entries", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Positive: increases the balance."
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(name="an_invoice_moves_the_balance_once_each_way", fields=["invoice", "kind"]),
            models.CheckConstraint(
                name="a_credit_entry_has_the_sign_of_its_kind",
                condition=Q(kind__in=["carried", "returned"], amount__gt=0)
                | Q(kind__in=["used", "reversed"], amount__lt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount.normalize():f} {self.currency}"
