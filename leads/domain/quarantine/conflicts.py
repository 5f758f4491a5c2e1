"""Settle conflicts: replace what is stored with the new version, unless it is already billed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from leads.domain.early_actions import update_early
from leads.domain.faults import Fault
from leads.domain.identity import external_id, person_key
from leads.domain.intake.assign import PeriodAssignment
from leads.domain.intake.lookup import NamedProduct, implausible, look_up
from leads.domain.intake.products import find_product, named_product
from leads.domain.intake.read import read_action, read_lead
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.schema import LeadItem
from leads.domain.periods import mark_unrated
from leads.domain.pseudonyms import has_key, is_pseudonym, pseudonym
from leads.domain.quarantine.corrections import record_replacement
from leads.domain.quarantine.difference import Changes, since_received
from leads.domain.quarantine.settle import (
    ACTION_CONFLICT,
    LEAD_CONFLICT,
    NoteMissing,
    StillRefused,
    resend,
    stored_action_of,
)
from leads.models import Action, ActionType, BillingPeriod, Lead, Product, QuarantinedItem, QuarantineStep

CONTACT = ("name", "email", "phone", "firm", "country", "region")


class NoConflict(Refused):
    """The item doesn't conflict with anything."""

    code = "no_conflict"
    message = "This item doesn't conflict with anything stored."


class PeriodClosed(Refused):
    """A billed action can't be replaced; it has to be credited."""

    code = "period_is_closed"
    message = "This action is already billed."


class OtherPeriod(Refused):
    """The new version would move to another billing period or customer."""

    code = "other_period"
    message = (
        "The new version belongs to another billing period or customer. Void the stored version, and ask the source to send"
        " the new one with another ID."
    )


@transaction.atomic
def take_new(item: QuarantinedItem, *, note: str, by: User, at: datetime) -> Receipt:
    """Replace the stored version with the new one, record the change on the item, and have its period rated again.

    Then the item is sent in again and is a duplicate of what is stored. Raises NoteMissing, NoConflict, PeriodClosed,
    OtherPeriod or StillRefused without changing anything.
    """
    if not note.strip():
        raise NoteMissing("Enter a reason for replacing the stored version.")
    if item.code == ACTION_CONFLICT:
        changed = _take_action(item)
    elif item.code == LEAD_CONFLICT:
        changed = _take_lead(item)
    else:
        raise NoConflict
    changed |= since_received(item, {})
    kind = QuarantineStep.Kind.TOOK_NEW
    receipt = resend(item, content=item.content, by=by, at=at, kind=kind, note=note.strip(), changed=changed)
    record_replacement(item.steps.get(delivery=receipt.delivery_id))
    return receipt


def _take_action(item: QuarantinedItem) -> Changes:
    stored = stored_action_of(item)
    if stored is None:
        raise NoConflict
    # The lock keeps the period from being closed between the check and the change.
    period = BillingPeriod.objects.select_for_update().get(pk=stored.period_id)
    if not period.is_open:
        raise PeriodClosed
    new = _readable(read_action(item.content["actions"][0], received_at=item.received_at))
    kind = ActionType.objects.filter(code__iexact=new.type).first()
    if kind is None:
        raise StillRefused(
            Fault("unknown_action_type", "/actions/0/type", f"No action type has the code {new.type!r}.")
        )
    product = stored.lead.product
    known = look_up(item.source, products=[NamedProduct(external_id(product.sku), period.customer.code)], leads=[])
    if fault := implausible(known.type_by_number[kind.pk], new, zone=period.customer.time_zone):
        raise StillRefused(fault._replace(pointer=f"/actions/0{fault.pointer}"))
    if PeriodAssignment(known).of(product.customer_id, new.occurred_at) != period.pk:
        raise OtherPeriod
    changed = _written(
        stored,
        action_type=kind,
        occurred_at=new.occurred_at,
        quantity=new.quantity,
        value=new.value,
        attributes=new.attributes,
    )
    update_early(stored, new.occurred_at)
    mark_unrated([period], reason="conflict settled")
    return changed


def _take_lead(item: QuarantinedItem) -> Changes:
    stored = (
        Lead.objects.select_related("product")
        .filter(source=item.source, external_id=external_id(item.content.get("id", "")))
        .first()
    )
    if stored is None:
        raise NoConflict
    periods = list(
        BillingPeriod.objects.select_for_update().filter(pk__in=stored.actions.values("period")).order_by("pk")
    )
    if not all(period.is_open for period in periods):
        raise PeriodClosed("Some of this lead's actions are already billed.")
    new = _readable(read_lead(item.content, received_at=item.received_at))
    product = _product(item, new, stored)
    if product.customer_id != stored.product.customer_id:
        raise OtherPeriod
    # What the new version omits stays as it is.
    contact = {name: getattr(new.contact, name) or getattr(stored, name) for name in CONTACT}
    person = person_key(
        contact["email"],
        phone=contact["phone"],
        country=contact["country"],
        default_country=item.source.default_country,
    )
    is_test = new.is_test if new.product or new.is_test else stored.is_test
    person = _stored_as(person, stored)
    changed = _written(stored, product=product, is_test=is_test, person_key=person, **contact)
    mark_unrated(periods, reason="conflict settled")
    return changed


def _stored_as(person: str, stored: Lead) -> str:
    """Return the person key or, if contact data was erased, the pseudonym that stands for the person."""
    if not person and is_pseudonym(stored.person_key):
        return stored.person_key
    hidden = pseudonym(person) if has_key() else ""
    return hidden if hidden and Lead.objects.filter(person_key=hidden).exists() else person


def _product(item: QuarantinedItem, new: LeadItem, stored: Lead) -> Product:
    if new.product is None:
        return stored.product
    known = look_up(item.source, products=[named_product(new.product)], leads=[])
    found = find_product(item.source, new.product, known)
    if isinstance(found, Fault):
        raise StillRefused(found)
    return Product.objects.get(pk=found.id)


def _readable(read: Any) -> Any:
    if isinstance(read, Fault):
        raise StillRefused(read)
    return read


def _written(row: Action | Lead, **facts: Any) -> Changes:
    """Write the values that differ; return each changed member before and after."""
    changed = {name: [_in_words(getattr(row, name)), _in_words(value)] for name, value in facts.items()}
    changed = {name: both for name, both in changed.items() if both[0] != both[1]}
    type(row).objects.filter(pk=row.pk).update(**{name: facts[name] for name in changed})
    return changed


def _in_words(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Product):
        return value.sku
    if isinstance(value, ActionType):
        return value.code
    return "" if value is None else str(value)
