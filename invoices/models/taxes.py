"""What of an invoice is tax."""

from django.db import models
from django.db.models import Q

from invoices.models.invoice import Invoice


class InvoiceTax(models.Model):
    """A tax on an invoice: its rate on the sum of the lines it applies to, rounded once."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes", db_index=False)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    rate = models.DecimalField(max_digits=7, decimal_places=4, help_text="Percent.")
    category = models.CharField(max_length=80, blank=True, help_text="The product category it applies to; empty: all.")
    base = models.DecimalField(max_digits=18, decimal_places=3, help_text="The sum of the lines it applies to.")
    amount = models.DecimalField(max_digits=18, decimal_places=3)

    class Meta:
        verbose_name_plural = "invoice taxes"
        constraints = [
            models.UniqueConstraint(name="an_invoice_tax_has_its_own_position", fields=["invoice", "position"]),
            models.CheckConstraint(name="an_invoice_tax_is_a_percentage", condition=Q(rate__gte=0, rate__lt=100)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate.normalize():f}%"
