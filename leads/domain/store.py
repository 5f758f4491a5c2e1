"""Writing leads and actions, few by one statement and many by COPY, each thing once, however many senders there are.

Rows go in ordered by their key, so two overlapping deliveries wait for each other in the same order and never deadlock;
the unique constraints decide who was first, and who was not looks again.
"""

from collections.abc import Collection, Sequence
from io import BytesIO
from typing import Any

from django.db import DatabaseError, connection, transaction

from leads.domain.rows import COPY, NewAction, NewLead, StoredAction, as_json, copy_text
from leads.models import Delivery


class Overtaken(Exception):
    """Somebody else has stored, or closed, meanwhile what was not when we looked: look again."""


# A row of ours is there already; a period is closed; two waited for each other; what a row names is gone.
_OVERTAKEN = {"23505", "40001", "40P01", "23503"}

# From so many rows on, COPY is faster than a function that is given them, though it takes three more round trips.
MANY = 300

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
    leads = sorted(leads, key=lambda lead: lead.external_id)
    actions = sorted(actions, key=lambda action: (action.lead_id, action.external_id))
    try:
        if len(leads) + len(actions) < MANY or any(action.id for action in actions):
            _store(delivery, leads, actions, periods)
            return
        with transaction.atomic():
            _store(delivery, [], [], periods)
            _copy(NewLead, leads)
            _copy(NewAction, actions)
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) in _OVERTAKEN:
            raise Overtaken from error
        raise


def _store(
    delivery: Delivery, leads: Sequence[NewLead], actions: Sequence[NewAction], periods: Collection[int]
) -> None:
    parameters: list[str | list[int]] = [
        as_json(_columns(delivery)),
        as_json(leads),
        as_json(actions),
        sorted(periods),
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, parameters)


def _copy(form: type[NewLead] | type[NewAction], rows: Sequence[NewLead] | Sequence[NewAction]) -> None:
    if rows:
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.copy_expert(COPY[form], BytesIO(copy_text(rows)))


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


def _columns(delivery: Delivery) -> dict[str, Any]:
    columns = {str(field.column): getattr(delivery, field.attname) for field in Delivery._meta.concrete_fields}
    return {column: f"\\x{value.hex()}" if isinstance(value, bytes) else value for column, value in columns.items()}
