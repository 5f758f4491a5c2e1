"""Writing many leads and actions with few statements, each thing once, however many senders there are.

Rows go in ordered by their key, so two overlapping deliveries wait for each other in the same order and never deadlock;
`ON CONFLICT DO NOTHING` decides who was first.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from leads.domain import limits

_json = msgspec.json.Encoder(decimal_format="number")


class NewLead(NamedTuple):
    """A lead to be stored unless its id is known; the order is that of the statement below."""

    external_id: str
    product: int
    name: str
    email: str
    person_key: str
    phone: str
    firm: str
    country: str
    region: str
    campaign: str
    is_test: bool
    consent: str
    attributes: str
    occurred_at: datetime | None


class StoredLead(NamedTuple):
    """What is stored of a lead."""

    id: int
    external_id: str
    product: int
    customer: int
    person_key: str
    is_test: bool


class NewAction(NamedTuple):
    """An action to be stored unless its id is known; the order is that of the statement below."""

    lead: int
    external_id: str
    action_type: int
    period: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None
    attributes: str


class StoredAction(NamedTuple):
    """What is stored of an action."""

    id: int
    lead: int
    external_id: str
    action_type: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None


BEGIN = """
    SELECT nextval(pg_get_serial_sequence('leads_delivery', 'id')),
           set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)
"""
INSERT_LEADS = """
    INSERT INTO leads_lead (source_id, delivery_id, received_at, external_id, product_id, name, email, person_key, phone,
                            firm, country, region, campaign, is_test, consent, attributes, occurred_at)
    SELECT %s, %s, %s, sent.* FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
           %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::jsonb[], %s::jsonb[], %s::timestamptz[])
           AS sent
    ON CONFLICT (source_id, external_id) DO NOTHING RETURNING external_id
"""
LEADS = """
    SELECT lead.id, lead.external_id, lead.product_id, product.customer_id, lead.person_key, lead.is_test
      FROM leads_lead lead JOIN leads_product product ON product.id = lead.product_id
     WHERE lead.source_id = %s AND lead.external_id = ANY(%s)
"""
INSERT_ACTIONS = """
    INSERT INTO leads_action (delivery_id, void_reason, lead_id, external_id, action_type_id, period_id, occurred_at,
                              quantity, value, attributes)
    SELECT %s, '', sent.* FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
           %s::numeric[], %s::numeric[], %s::jsonb[]) AS sent
    ON CONFLICT (lead_id, external_id) DO NOTHING RETURNING lead_id, external_id
"""
ACTIONS = """
    SELECT action.id, action.lead_id, action.external_id, action_type_id, occurred_at, quantity, value
      FROM leads_action action
      JOIN unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
        ON sent.lead_id = action.lead_id AND sent.external_id = action.external_id
"""


def next_delivery_id() -> int:
    """Taken first: leads and actions name their delivery, whose counts are known only at the end.

    From here to the end of the transaction no step may take for ever (see `limits`).
    """
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [f"{limits.WAITING_SECONDS * 1000:.0f}", f"{limits.STEP_SECONDS * 1000:.0f}"])
        return int(cursor.fetchone()[0])


def store_leads(source: int, delivery: int, received_at: datetime, leads: Sequence[NewLead]) -> set[str]:
    """Store those whose id is new; answers their ids."""
    if not leads:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_LEADS, [source, delivery, received_at, *_columns(sorted(leads, key=lambda lead: lead[0]))]
        )
        return {external_id for (external_id,) in cursor.fetchall()}


def stored_leads(source: int, external_ids: Sequence[str]) -> dict[str, StoredLead]:
    """Those of a source's leads that are there, by their ids."""
    with connection.cursor() as cursor:
        cursor.execute(LEADS, [source, list(external_ids)])
        return {row[1]: StoredLead._make(row) for row in cursor.fetchall()}


def store_actions(delivery: int, actions: Sequence[NewAction]) -> set[tuple[int, str]]:
    """Store those whose (lead, id) is new; answers these."""
    if not actions:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ACTIONS, [delivery, *_columns(sorted(actions, key=lambda action: action[:2]))])
        return set(cursor.fetchall())


def stored_actions(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], StoredAction]:
    """What is stored under each (lead, id)."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, _columns(keys))
        return {(row[1], row[2]): StoredAction._make(row) for row in cursor.fetchall()}


def as_json(content: Any) -> str:
    """JSON text with every number's digits as they were sent."""
    return _json.encode(content).decode()


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
