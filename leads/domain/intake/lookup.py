"""What is there already of all that a delivery's items may refer to, asked for in one statement."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import msgspec
from django.db import connection

from leads.domain.identity import external_id
from leads.domain.intake.rows import StoredLead
from leads.domain.intake.schema import ProductItem
from leads.models import Source

KNOWN = "SELECT intake_known(%s, %s, %s, %s, %s, %s)"


class KnownCustomer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a customer as a delivery needs."""

    pk: int
    code: str
    name: str
    time_zone: str


class KnownProduct(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of a product as a delivery needs."""

    pk: int
    customer_id: int
    sku: str


class OpenPeriod(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A billing period that was open when it was looked for."""

    pk: int
    customer_id: int
    label: str
    start_at: datetime
    end_at: datetime


class KnownType(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """As much of an action type as a delivery needs."""

    pk: int
    code: str
    largest_quantity: Decimal
    largest_value: Decimal


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
        return {customer.pk: customer for customer in self.customers}

    @cached_property
    def type_by_code(self) -> dict[str, KnownType]:
        return {kind.code.lower(): kind for kind in self.types}

    @cached_property
    def type_by_number(self) -> dict[int, KnownType]:
        return {kind.pk: kind for kind in self.types}


_decoder = msgspec.json.Decoder(Known)


def look(source: Source, *, products: Sequence[ProductItem], leads: Sequence[str]) -> Known:
    """What is known of these products, their customers and these lead ids; and numbers for the new leads."""
    parameters = [
        source.pk,
        source.customer_id,
        list({external_id(product.sku) for product in products}),
        list({product.customer.lower() for product in products if product.customer}),
        source.customer_id is not None or all(product.customer for product in products),
        list(dict.fromkeys(leads)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, parameters)
        return _decoder.decode(cursor.fetchone()[0])
