"""Find the product a lead is about."""

from collections.abc import Iterable

from leads.domain.faults import Fault
from leads.domain.identity import external_id
from leads.domain.intake.lookup import Known, KnownCustomer, KnownProduct, NamedProduct
from leads.domain.intake.schema import ProductItem
from leads.models import Product, Source

POINTER = "/product"


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


def add_products(source: Source, items: Iterable[ProductItem], known: Known) -> list[str]:
    """Add missing products if the source is allowed to; return their SKUs, for the delivery's deed."""
    if source.new_products != Source.NewProducts.CREATE:
        return []
    missing: dict[tuple[int, str], Product] = {}
    for item in items:
        customer, sku = _customer(source, item, known), external_id(item.sku)
        if customer is None or any(
            product.customer_id == customer.id for product in known.products_by_sku.get(sku, ())
        ):
            continue
        missing.setdefault(
            (customer.id, sku), Product(customer_id=customer.id, sku=sku, name=item.name or sku, category=item.category)
        )
    # In the order of their keys, so that deliveries that add the same products never deadlock.
    Product.objects.bulk_create([missing[key] for key in sorted(missing)], ignore_conflicts=True)
    return [sku for _, sku in missing]


def _customer(source: Source, item: ProductItem, known: Known) -> KnownCustomer | None:
    if item.customer:
        return known.customer_by_code.get(item.customer.lower())
    return known.customer_by_number.get(source.customer_id) if source.customer_id else None
