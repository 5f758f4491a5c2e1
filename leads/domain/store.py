"""Writing many leads and actions with one statement, each thing once, however many senders there are.

Rows go in ordered by their key, so two overlapping deliveries wait for each other in the same order and never deadlock;
the unique constraints decide who was first, and who was not looks again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from django.db import DatabaseError, connection

from leads.models import Delivery

_json = msgspec.json.Encoder(decimal_format="number")


class NewLead(msgspec.Struct, gc=False):
    """A row of leads: the members are the columns."""

    id: int
    source_id: int
    delivery_id: int
    received_at: datetime
    external_id: str
    product_id: int
    name: str
    email: str
    person_key: str
    phone: str
    firm: str
    country: str
    region: str
    campaign: str
    is_test: bool
    attributes: dict[str, Any]
    occurred_at: datetime | None


class StoredLead(NamedTuple):
    """What is stored of a lead."""

    id: int
    external_id: str
    product: int
    customer: int
    person_key: str
    is_test: bool


class StoredAction(NamedTuple):
    """What is stored of an action; without a number where it is stored just now."""

    id: int | None
    lead: int
    external_id: str
    action_type: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None


class NewAction(msgspec.Struct, gc=False):
    """A row of actions: the members are the columns. PostgreSQL numbers it, unless somebody has to know its number."""

    lead_id: int
    external_id: str
    action_type_id: int
    period_id: int
    delivery_id: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None
    attributes: dict[str, Any]
    id: int | None = None

    def as_stored(self) -> StoredAction:
        return StoredAction(
            self.id, self.lead_id, self.external_id, self.action_type_id, self.occurred_at, self.quantity, self.value
        )


class Overtaken(Exception):
    """Somebody else has stored, or closed, meanwhile what was not when we looked: look again."""


# A row of ours that is there already, a period that is closed, and the two that a deadlock's other side may cause.
_OVERTAKEN = {"23505", "40001", "40P01", "23503"}

STORE = "SELECT intake_store(%s, %s, %s, %s)"
NEXT_ACTION = "SELECT nextval('leads_action_id_seq')"
ACTIONS = """
    SELECT action.id, action.lead_id, action.external_id, action_type_id, occurred_at, quantity, value
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_action action ON sent.lead_id = action.lead_id AND sent.external_id = action.external_id
"""


def store(
    delivery: Delivery, *, leads: Sequence[NewLead], actions: Sequence[NewAction], periods: Collection[int]
) -> None:
    """Store all of it or nothing, and mark the periods to be rated. Raises Overtaken where somebody was faster."""
    parameters: list[str | list[int]] = [
        as_json(_columns(delivery)),
        as_json(sorted(leads, key=lambda lead: lead.external_id)),
        as_json(sorted(actions, key=lambda action: (action.lead_id, action.external_id))),
        sorted(periods),
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(STORE, parameters)
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) in _OVERTAKEN:
            raise Overtaken from error
        raise


def stored_actions(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredAction]:
    """What is stored under each (lead, id)."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, [list(column) for column in zip(*keys, strict=True)])
        return {(row[1], row[2]): StoredAction._make(row) for row in cursor.fetchall()}


def next_action_id() -> int:
    """The number of an action that is yet to be stored."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ACTION)
        return int(cursor.fetchone()[0])


def as_json(content: Any) -> str:
    """JSON text with every number's digits as they were sent."""
    return _json.encode(content).decode()


def _columns(delivery: Delivery) -> dict[str, Any]:
    columns = {str(field.column): getattr(delivery, field.attname) for field in Delivery._meta.concrete_fields}
    return {column: f"\\x{value.hex()}" if isinstance(value, bytes) else value for column, value in columns.items()}
