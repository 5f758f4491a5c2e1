"""Products that leads are about."""

from datetime import date

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES
from leads.models.customer import Customer
from leads.models.revision import FactsRevision, RevisionQuerySet, in_force_on, one_waits


class Product(models.Model):
    """What a lead is about; it belongs to one customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="products")
    sku = models.CharField("SKU", max_length=100)
    name = models.CharField(max_length=200)
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

    def facts_on(self, day: date) -> "ProductRevision":
        """Return the facts in force on a day."""
        return in_force_on(self.revisions.all(), day)


class ProductRevision(FactsRevision):
    """A product's category from a first day on."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    category = models.CharField(max_length=80, blank=True)

    FACTS = ("category",)
    SUBJECT = "product"

    objects = RevisionQuerySet.as_manager()

    class Meta(FactsRevision.Meta):
        abstract = False
        constraints = [*FactsRevision.Meta.constraints, one_waits("product")]
        indexes = [
            models.Index(name="product_revision_by_day", fields=["product", "first_day", "id"]),
            models.Index(name="product_revision_category", fields=["category"]),
        ]
