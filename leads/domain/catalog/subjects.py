"""Save products and action types: what they are. Their facts change by `write_facts`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.catalog.facts import first_facts, values
from leads.domain.identity import external_id, invisible_in
from leads.models import ActionType, Product

PRODUCT_SAVED = Verb("product_saved", "Product saved")
ACTION_TYPE_SAVED = Verb("action_type_saved", "Action type saved")

Saved = TypeVar("Saved", Product, ActionType)


class CatalogHasFaults(HasFaults):
    """A product or action type that leads could not be matched with."""

    code = "catalog_has_faults"


def sku_faults(sku: str) -> list[FieldFault]:
    """Return the invisible characters in a SKU; like IDs, it is compared with what sources send."""
    invisible = invisible_in(sku)
    return [FieldFault("sku", "unseen_characters", f"The SKU {invisible}.")] if invisible else []


@transaction.atomic
def save_product(product: Product, *, by: User | None, at: datetime, facts: Mapping[str, Any] | None = None) -> Product:
    """Save a new or changed product, whose customer never changes. Raises CatalogHasFaults.

    `facts` are those that a new product has from the beginning; those of a known one change by `write_facts`.
    """
    stored = Product.objects.select_for_update(no_key=True).filter(pk=product.pk).first() if product.pk else None
    product.sku = external_id(product.sku)
    faults = sku_faults(product.sku)
    if stored is not None and stored.customer_id != product.customer_id:
        faults.append(FieldFault("customer", "fixed", "A product can't move to another customer."))
    return _save(product, stored, PRODUCT_SAVED, faults, facts or {}, by, at)


@transaction.atomic
def save_action_type(
    kind: ActionType, *, by: User | None, at: datetime, facts: Mapping[str, Any] | None = None
) -> ActionType:
    """Save a new or changed action type. Raises CatalogHasFaults.

    `facts` are those that a new action type has from the beginning; those of a known one change by `write_facts`.
    """
    stored = ActionType.objects.select_for_update(no_key=True).filter(pk=kind.pk).first() if kind.pk else None
    return _save(kind, stored, ACTION_TYPE_SAVED, [], facts or {}, by, at)


def _save(
    subject: Saved,
    stored: Saved | None,
    verb: Verb,
    faults: list[FieldFault],
    facts: Mapping[str, Any],
    by: User | None,
    at: datetime,
) -> Saved:
    """Save the subject and, if it is new, its first facts."""
    if faults := faults or row_faults(subject):
        raise CatalogHasFaults(faults)
    save_changes(subject, since=stored)
    first: dict[str, Any] = {}
    if stored is None:
        revision = first_facts(subject, at=at, by=by, facts=facts)
        if faults := row_faults(revision):
            raise CatalogHasFaults(faults)
        revision.save(force_insert=True)
        first = {name: (None, value) for name, value in values(revision).items()}
    also: list[Model] = [subject.customer] if isinstance(subject, Product) else []
    record_saved(verb, on=subject, stored=stored, by=by, also=also, **first)
    return subject
