"""What is there already of all that a delivery's items may refer to, asked for in one statement."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import msgspec
from django.db import connection

from billing_engine.core.money import number_in_words
from leads.domain.faults import Fault
from leads.models import Source

KNOWN = "SELECT intake_known(%s, %s, %s, %s, %s, %s)"
ACTIONS = """
    SELECT lead.id, lead.occurred_at, action.id, action.external_id, action_type_id, action.occurred_at, quantity, value
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_lead lead ON lead.id = sent.lead_id
      LEFT JOIN leads_action action ON sent.lead_id = action.lead_id AND sent.external_id = action.external_id
"""


class KnownCustomer(msgspec.Struct, frozen=True, gc=False):
    """As much of a customer as a delivery needs."""

    id: int
    code: str
    name: str
    time_zone: str


class KnownProduct(msgspec.Struct, frozen=True, gc=False):
    """As much of a product as a delivery needs."""

    id: int
    customer_id: int
    sku: str


class OpenPeriod(msgspec.Struct, frozen=True, gc=False):
    """A billing period that was open when it was looked for."""

    id: int
    customer_id: int
    start_at: datetime
    end_at: datetime


class KnownType(msgspec.Struct, frozen=True, gc=False):
    """As much of an action type as a delivery needs."""

    id: int
    code: str
    largest_quantity: Decimal
    largest_value: Decimal


def implausible(kind: KnownType, *, quantity: Decimal, value: Decimal | None) -> Fault | None:
    """Why an action is kept back, where its quantity or value is beyond the limit of its type."""
    if quantity > kind.largest_quantity:
        return _implausible("quantity", quantity, kind.largest_quantity, kind.code)
    if value is not None and value > kind.largest_value:
        return _implausible("value", value, kind.largest_value, kind.code)
    return None


def _implausible(name: str, number: Decimal, largest: Decimal, kind: str) -> Fault:
    return Fault(
        f"{name}_implausible",
        f"/{name}",
        f"A {name} of {number_in_words(number)} is above {number_in_words(largest)}, the largest that an action of the type"
        f" {kind} may have. Correct it; or, if it is right, raise the limit of the action type and retry.",
    )


class StoredLead(msgspec.Struct, frozen=True, gc=False):
    """What is stored of a lead."""

    id: int
    external_id: str
    product: int
    customer: int
    person_key: str
    is_test: bool


class StoredAction(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is stored of an action; without a number where it is stored just now."""

    id: int | None
    action_type: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None


class Known(msgspec.Struct, dict=True):
    """What there is, and the numbers that the new rows of this delivery get."""

    delivery: int
    lead_ids: list[int]
    leads: list[StoredLead]
    products: list[KnownProduct]
    customers: list[KnownCustomer]
    types: list[KnownType]
    periods: list[OpenPeriod]

    @cached_property
    def lead_by_id(self) -> dict[str, StoredLead]:
        return {lead.external_id: lead for lead in self.leads}

    @cached_property
    def products_by_sku(self) -> dict[str, list[KnownProduct]]:
        found: dict[str, list[KnownProduct]] = defaultdict(list)
        for product in self.products:
            found[product.sku].append(product)
        return found

    @cached_property
    def customer_by_code(self) -> dict[str, KnownCustomer]:
        return {customer.code.lower(): customer for customer in self.customers}

    @cached_property
    def customer_by_number(self) -> dict[int, KnownCustomer]:
        return {customer.id: customer for customer in self.customers}

    @cached_property
    def type_by_code(self) -> dict[str, KnownType]:
        return {kind.code.lower(): kind for kind in self.types}

    @cached_property
    def type_by_number(self) -> dict[int, KnownType]:
        return {kind.id: kind for kind in self.types}


_decoder = msgspec.json.Decoder(Known)


class NamedProduct(NamedTuple):
    """How an item names its product: by the SKU, and perhaps by the customer's code."""

    sku: str
    customer: str = ""


def look_up(source: Source, *, products: Collection[NamedProduct], leads: Sequence[str]) -> Known:
    """What is known of these products, their customers and these lead ids; and numbers for the new leads."""
    parameters = [
        source.pk,
        source.customer_id,
        list({product.sku for product in products}),
        list({product.customer.lower() for product in products if product.customer}),
        source.customer_id is not None or all(product.customer for product in products),
        list(dict.fromkeys(leads)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, parameters)
        return _decoder.decode(cursor.fetchone()[0])


class StoredActions(NamedTuple):
    """What is stored under each (lead, id), and when each of the leads occurred."""

    actions: dict[tuple[int, str], StoredAction]
    leads: dict[int, datetime | None]


def look_up_actions(keys: Sequence[tuple[int, str]]) -> StoredActions:
    """What is stored of these actions, and of their leads."""
    found = StoredActions({}, {})
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, [list(column) for column in zip(*keys, strict=True)])
        for lead, lead_occurred_at, id_, external_id, action_type, occurred_at, quantity, value in cursor.fetchall():
            found.leads[lead] = lead_occurred_at
            if id_ is not None:
                found.actions[lead, external_id] = StoredAction(
                    id=id_, action_type=action_type, occurred_at=occurred_at, quantity=quantity, value=value
                )
    return found
