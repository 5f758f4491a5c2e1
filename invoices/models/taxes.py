"""The taxes on an invoice."""

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models.invoice import Invoice, InvoiceLine


class InvoiceTax(models.Model):
    """A tax on an invoice: a rate applied to the sum of the lines it covers, rounded once per name and rate."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes", db_index=False)
    line = models.ForeignKey(
        InvoiceLine,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The credit that it belongs to, copied from the corrected invoice. Empty: it is on the other lines.",
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    rate = models.DecimalField(max_digits=7, decimal_places=4, help_text="Percent.")
    categories = models.JSONField(
        default=list,
        blank=True,
        help_text="The product categories it applies to, each with the sum of its lines; empty: every line.",
    )
    base = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="The sum of the lines it applies to."
    )
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        verbose_name_plural = "invoice taxes"
        constraints = [
            models.UniqueConstraint(
                name="an_invoice_has_one_tax_of_a_name_and_rate",
                fields=["invoice", "name", "rate", "line"],
                nulls_distinct=False,
            ),
            models.UniqueConstraint(name="an_invoice_tax_has_its_own_position", fields=["invoice", "position"]),
            models.CheckConstraint(name="an_invoice_tax_is_a_percentage", condition=Q(rate__gte=0, rate__lt=100)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate.normalize():f}%"
