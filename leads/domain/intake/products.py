"""Find the product a lead is about."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from leads.domain.faults import Fault
from leads.domain.identity import external_id
from leads.domain.intake.lookup import Known, KnownCustomer, KnownProduct, NamedProduct
from leads.domain.intake.schema import ProductItem
from leads.models import Source
from leads.models.revision import BEGINNING

POINTER = "/product"

# Each product and its category from the beginning, in one statement: neither is ever there without the other.
ADD = """
    WITH sent AS (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
                             AS sent (customer_id, sku, name, category)),
         added AS (INSERT INTO leads_product (customer_id, sku, name, created_at)
                   SELECT customer_id, sku, name, %s FROM sent
                   ON CONFLICT DO NOTHING RETURNING id, customer_id, sku)
    INSERT INTO leads_productrevision (product_id, category, first_day, reason, written_at, in_force_at)
    SELECT id, category, %s, '', %s, %s FROM added JOIN sent USING (customer_id, sku)
"""


def named_product(item: ProductItem) -> NamedProduct:
    """Return how an item names its product, for the lookup."""
    return NamedProduct(external_id(item.sku), item.customer or "")


def find_product(source: Source, item: ProductItem, known: Known) -> KnownProduct | Fault:
    """Return the product, or why it can't be determined."""
    customer = _customer(source, item, known)
    if item.customer and customer is None:
        return Fault("unknown_customer", f"{POINTER}/customer", f"No customer has the code {item.customer!r}.")
    sku = external_id(item.sku)
    found = known.products_by_sku.get(sku, ())
    if customer:
        found = [product for product in found if product.customer_id == customer.id]
    if len(found) == 1:
        return found[0]
    if found:
        return Fault("ambiguous_product", POINTER, f"Several customers have a product {sku!r}. Name the customer.")
    whose = f" of {customer.name}" if customer else ""
    return Fault("unknown_product", f"{POINTER}/sku", f"No product{whose} has the SKU {sku!r}.")


def add_products(source: Source, items: Iterable[ProductItem], known: Known, *, at: datetime) -> list[str]:
    """Add missing products if the source is allowed to; return their SKUs, for the delivery's deed."""
    missing = missing_products(source, items, known)
    if missing:
        # In the order of their keys, so that deliveries that add the same products never deadlock.
        rows = [(*key, *missing[key]) for key in sorted(missing)]
        with connection.cursor() as cursor:
            cursor.execute(ADD, [*(list(column) for column in zip(*rows, strict=True)), at, BEGINNING, at, at])
    return [sku for _, sku in missing]


def missing_products(
    source: Source, items: Iterable[ProductItem], known: Known
) -> dict[tuple[int, str], tuple[str, str]]:
    """Return the name and category of each product that the source may add, by customer and SKU."""
    missing: dict[tuple[int, str], tuple[str, str]] = {}
    if source.new_products != Source.NewProducts.CREATE:
        return missing
    for item in items:
        customer, sku = _customer(source, item, known), external_id(item.sku)
        if customer is None or any(
            product.customer_id == customer.id for product in known.products_by_sku.get(sku, ())
        ):
            continue
        missing.setdefault((customer.id, sku), (item.name or sku, item.category))
    return missing


def _customer(source: Source, item: ProductItem, known: Known) -> KnownCustomer | None:
    if item.customer:
        return known.customer_by_code.get(item.customer.lower())
    return known.customer_by_number.get(source.customer_id) if source.customer_id else None
