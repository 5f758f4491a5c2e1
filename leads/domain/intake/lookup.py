"""Look up everything that the items of a delivery refer to, in one statement."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from billing_engine.core.money import number_in_words
from leads.domain.faults import Fault
from leads.domain.intake.schema import ActionItem
from leads.domain.pseudonyms import pseudonym
from leads.models import Source

KNOWN = "SELECT intake_known(%s, %s, %s, %s, %s, %s, %s)"
ACTIONS = """
    SELECT lead.id, lead.occurred_at, action.id, action.external_id, action_type_id, action.occurred_at, quantity, value
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_lead lead ON lead.id = sent.lead_id
      LEFT JOIN leads_action action ON sent.lead_id = action.lead_id AND sent.external_id = action.external_id
"""


class KnownCustomer(msgspec.Struct, frozen=True, gc=False):
    """The fields of a customer that intake needs."""

    id: int
    code: str
    name: str
    time_zone: str


class KnownProduct(msgspec.Struct, frozen=True, gc=False):
    """The fields of a product that intake needs."""

    id: int
    customer_id: int
    sku: str


class OpenPeriod(msgspec.Struct, frozen=True, gc=False):
    """A billing period that was open at the time of the lookup."""

    id: int
    customer_id: int
    start_at: datetime
    end_at: datetime


class KnownLimits(msgspec.Struct, frozen=True, gc=False):
    """The limits of an action type from a first day on."""

    first_day: date
    largest_quantity: Decimal
    largest_value: Decimal


class KnownType(msgspec.Struct, frozen=True, gc=False):
    """The fields of an action type that intake needs; its limits in the order of their first days."""

    id: int
    code: str
    limits: list[KnownLimits]

    def limits_at(self, at: datetime, *, zone: str) -> KnownLimits:
        """Return the limits of the day on which something occurred, in the customer's time zone."""
        if len(self.limits) == 1:
            return self.limits[0]
        day = at.astimezone(ZoneInfo(zone)).date()
        return self.limits[bisect_right(self.limits, day, key=attrgetter("first_day")) - 1]


def implausible(kind: KnownType, item: ActionItem, *, zone: str) -> Fault | None:
    """Return a fault if the quantity or value exceeds the limit that the action type had on the action's own day."""
    limits = kind.limits_at(item.occurred_at, zone=zone)
    if item.quantity > limits.largest_quantity:
        return _implausible("quantity", item.quantity, limits.largest_quantity, kind.code)
    if item.value is not None and item.value > limits.largest_value:
        return _implausible("value", item.value, limits.largest_value, kind.code)
    return None


def _implausible(name: str, number: Decimal, largest: Decimal, kind: str) -> Fault:
    return Fault(
        f"{name}_implausible",
        f"/{name}",
        f"A {name} of {number_in_words(number)} exceeds {number_in_words(largest)}, the limit of the action type"
        f" {kind}. Correct it or, if it is right, raise the limit from its day on and retry.",
    )


class StoredLead(msgspec.Struct, frozen=True, gc=False):
    """The fields of a stored lead that intake compares."""

    id: int
    external_id: str
    product: int
    customer: int
    person_key: str
    is_test: bool


class StoredAction(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The fields of a stored action that intake compares; without an ID if it comes with this delivery."""

    id: int | None
    action_type: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None


class Known(msgspec.Struct, dict=True):
    """Everything the items refer to, and the IDs for new rows of this delivery."""

    delivery: int
    lead_ids: list[int]
    leads: list[StoredLead]
    products: list[KnownProduct]
    customers: list[KnownCustomer]
    types: list[KnownType]
    periods: list[OpenPeriod]
    awaited: list[int]  # quarantined items that wait for these leads or their actions
    erased: list[str] = []  # pseudonyms of persons whose contact data was erased

    def stored_as(self, person: str) -> str:
        """Return a person key or, if the person's contact data was erased, the pseudonym that stands for it."""
        return hidden if self.erased and (hidden := pseudonym(person)) in self.erased else person

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
    """How an item names its product: SKU and, optionally, customer code."""

    sku: str
    customer: str = ""


def look_up(
    source: Source, *, products: Collection[NamedProduct], leads: Sequence[str], persons: Iterable[str] = ()
) -> Known:
    """Look up these products, their customers, these lead IDs and persons by pseudonym; reserve IDs for new leads."""
    parameters = [
        source.pk,
        source.customer_id,
        list({product.sku for product in products}),
        list({product.customer.lower() for product in products if product.customer}),
        source.customer_id is not None or all(product.customer for product in products),
        list(dict.fromkeys(leads)),
        list(dict.fromkeys(persons)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, parameters)
        return _decoder.decode(cursor.fetchone()[0])


class StoredActions(NamedTuple):
    """The stored action of each (lead, ID), and when each lead occurred."""

    actions: dict[tuple[int, str], StoredAction]
    leads: dict[int, datetime | None]


def look_up_actions(keys: Sequence[tuple[int, str]]) -> StoredActions:
    """Look up stored actions and the times of their leads."""
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
