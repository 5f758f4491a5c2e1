"""Products that leads are about."""

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES
from leads.models.customer import Customer


class Product(models.Model):
    """What a lead is about; it belongs to one customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="products")
    sku = models.CharField("SKU", max_length=100)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=80, blank=True, db_index=True)
    list_price = models.DecimalField(
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="What the product sells for. Charges don't depend on it.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_customers_sku_names_one_product", fields=["customer", "sku"]),
            models.CheckConstraint(
                name="a_list_price_is_not_negative", condition=Q(list_price=None) | Q(list_price__gte=0)
            ),
        ]
        indexes = [models.Index(name="product_sku", fields=["sku"])]

    def __str__(self) -> str:
        return f"{self.sku} · {self.name}"
