"""Save products and action types; changes that affect prices have periods rated again."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.validation import row_faults
from leads.domain.identity import external_id, invisible_in
from leads.domain.periods import mark_open_periods
from leads.models import ActionType, Product

PRODUCT_SAVED = Verb("product_saved", "Product saved")
ACTION_TYPE_SAVED = Verb("action_type_saved", "Action type saved")


class CatalogHasFaults(HasFaults):
    """A product or action type that leads could not be matched with."""

    code = "catalog_has_faults"


def sku_faults(sku: str) -> list[FieldFault]:
    """Return the invisible characters in a SKU; like IDs, it is compared with what sources send."""
    invisible = invisible_in(sku)
    return [FieldFault("sku", "unseen_characters", f"The SKU {invisible}.")] if invisible else []


@transaction.atomic
def save_product(product: Product, *, by: User | None) -> Product:
    """Save a new or changed product, whose customer never changes. Raises CatalogHasFaults.

    A new category can change prices, so the customer's open periods are rated again.
    """
    stored = Product.objects.select_for_update(no_key=True).filter(pk=product.pk).first() if product.pk else None
    product.sku = external_id(product.sku)
    faults = sku_faults(product.sku)
    if stored is not None and stored.customer_id != product.customer_id:
        faults.append(FieldFault("customer", "fixed", "A product can't move to another customer."))
    if faults := faults or row_faults(product):
        raise CatalogHasFaults(faults)
    product.save()
    record_saved(PRODUCT_SAVED, on=product, stored=stored, by=by, also=[product.customer])
    if stored is not None and stored.category != product.category:
        mark_open_periods(customer=product.customer, reason="product changed")
    return product


@transaction.atomic
def save_action_type(kind: ActionType, *, by: User | None) -> ActionType:
    """Save a new or changed action type; if it becomes or stops being billable, every open period is rated again.

    Raises CatalogHasFaults.
    """
    stored = ActionType.objects.select_for_update(no_key=True).filter(pk=kind.pk).first() if kind.pk else None
    if faults := row_faults(kind):
        raise CatalogHasFaults(faults)
    kind.save()
    record_saved(ACTION_TYPE_SAVED, on=kind, stored=stored, by=by)
    if stored is not None and stored.is_billable != kind.is_billable:
        mark_open_periods(customer=None, reason="type changed")
    return kind
