"""What customers have in credit with us."""

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models.invoice import Invoice
from leads.models import Customer


class CreditEntry(models.Model):
    """A movement of a customer's credit balance, by the invoice that caused it; the balance is their sum."""

    class Kind(models.TextChoices):
        CARRIED = "carried", "Carried forward"
        USED = "used", "Used"
        TAKEN_BACK = "taken_back", "Taken back by a void"
        RETURNED = "returned", "Returned by a void"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_entries")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="credit_entries", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Above zero: more in credit."
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.UniqueConstraint(name="an_invoice_moves_the_balance_once_each_way", fields=["invoice", "kind"]),
            models.CheckConstraint(
                name="a_credit_entry_has_the_sign_of_its_kind",
                condition=Q(kind__in=["carried", "returned"], amount__gt=0)
                | Q(kind__in=["used", "taken_back"], amount__lt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount.normalize():f} {self.currency}"
