"""Which of our products a lead is about."""

from collections import defaultdict
from collections.abc import Iterable

from leads.domain.faults import Fault
from leads.domain.identity import external_id
from leads.domain.items import ProductItem
from leads.models import Customer, Product, Source

POINTER = "/product"


class KnownProducts:
    """The products that one delivery's leads may mean, read (and, where the source may, added) in a few queries."""

    def __init__(self, source: Source, items: Iterable[ProductItem]) -> None:
        wanted = list(items)
        skus = {external_id(item.sku) for item in wanted}
        self._source = source
        self._by_sku: dict[str, list[Product]] = defaultdict(list)
        self._customers = {
            customer.code.lower(): customer
            for customer in Customer.objects.filter(
                code__in=_spellings({item.customer for item in wanted if item.customer})
            )
        }
        self._read(skus)
        if source.new_products == Source.NewProducts.CREATE:
            self._add_missing(wanted)
            self._read(skus)

    def find(self, item: ProductItem) -> Product | Fault:
        """The one product meant, or why none is."""
        customer = self._customer(item)
        if item.customer and customer is None:
            return Fault("unknown_customer", f"{POINTER}/customer", f"No customer has the code {item.customer!r}.")
        sku = external_id(item.sku)
        found = [product for product in self._by_sku[sku] if customer is None or product.customer_id == customer.pk]
        if len(found) == 1:
            return found[0]
        if found:
            return Fault("ambiguous_product", POINTER, f"Several customers have a product {sku!r}: name the customer.")
        whose = f" of {customer.name}" if customer else ""
        return Fault("unknown_product", f"{POINTER}/sku", f"No product{whose} has the SKU {sku!r}.")

    def _customer(self, item: ProductItem) -> Customer | None:
        return self._customers.get(item.customer.lower()) if item.customer else self._source.customer

    def _read(self, skus: set[str]) -> None:
        self._by_sku.clear()
        for product in Product.objects.filter(sku__in=skus).select_related("customer"):
            self._by_sku[product.sku].append(product)

    def _add_missing(self, items: Iterable[ProductItem]) -> None:
        missing: dict[tuple[int, str], Product] = {}
        for item in items:
            customer, sku = self._customer(item), external_id(item.sku)
            if customer is None or any(product.customer_id == customer.pk for product in self._by_sku[sku]):
                continue
            missing.setdefault(
                (customer.pk, sku), Product(customer=customer, sku=sku, name=item.name or sku, category=item.category)
            )
        # In the order of their keys: two deliveries that add the same products never deadlock.
        Product.objects.bulk_create([missing[key] for key in sorted(missing)], ignore_conflicts=True)


def _spellings(codes: set[str]) -> set[str]:
    return codes | {code.upper() for code in codes} | {code.lower() for code in codes}
