"""Taxes on a customer's invoices."""

from django.db import models
from django.db.models import Q

from leads.models.customer import Customer


class CustomerTax(models.Model):
    """A tax on a customer's invoices: on every line, or on the lines of one product category."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="taxes", db_index=False)
    name = models.CharField(max_length=40, default="Tax", help_text="Printed on the invoice, such as VAT or Sales tax.")
    rate = models.DecimalField(max_digits=7, decimal_places=4, help_text="Percent.")
    category = models.CharField(
        "product category",
        max_length=80,
        blank=True,
        help_text="Apply only to lines with products of this category. Empty: every line, including adjustments and the minimum.",
    )

    class Meta:
        verbose_name = "tax"
        verbose_name_plural = "taxes"
        constraints = [
            models.UniqueConstraint(
                name="a_customer_has_one_tax_of_a_name_and_category", fields=["customer", "name", "category"]
            ),
            models.CheckConstraint(name="a_tax_rate_is_a_percentage", condition=Q(rate__gte=0, rate__lt=100)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate.normalize():f}%"
