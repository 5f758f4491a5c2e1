"""Write leads and actions, few by one statement and many by COPY; each is stored once, however many senders there are.

Rows are written in the order of their keys, so that overlapping deliveries wait for each other in the same order and never
deadlock. Unique constraints detect a lost race, and the loser looks up again.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO

from django.db import DatabaseError, connection, transaction

from leads.domain import limits
from leads.domain.body.decode import as_json
from leads.domain.intake.rows import COPY, NewAction, NewDelivery, NewLead, copy_text


class Overtaken(Exception):
    """A concurrent write invalidated the lookup; look up again."""


# Row already exists; period was closed; deadlock; referenced row is gone.
_OVERTAKEN = {"23505", "40001", "40P01", "23503"}

# From this many rows on, COPY is faster than passing them to a function, despite three more round trips.
MANY = 300

# Timeouts until the transaction ends. Sent together, the statements are one transaction if none is in progress.
# SET is not planned, as a SELECT of set_config would be.
STORE = "SET LOCAL lock_timeout = %s; SET LOCAL statement_timeout = %s; SELECT intake_store(%s, %s, %s, %s)"
NEXT_ACTION = "SELECT nextval('leads_action_id_seq')"


def store(
    *,
    leads: Sequence[NewLead],
    actions: Sequence[NewAction],
    periods: Collection[int],
    delivery: NewDelivery | None = None,
) -> None:
    """Store the rows and mark the periods for rating, all or nothing. Raises Overtaken after a lost race.

    The delivery may also be stored separately, later in the same transaction.
    """
    leads = sorted(leads, key=lambda lead: lead.external_id)
    actions = sorted(actions, key=lambda action: (action.lead_id, action.external_id))
    is_small = len(leads) + len(actions) < MANY or any(action.id for action in actions)
    # A single statement is its own transaction, which saves two round trips.
    with overtaken(), nullcontext() if is_small and not connection.in_atomic_block else transaction.atomic():
        _store(delivery, leads if is_small else [], actions if is_small else [], periods)
        if not is_small:
            _copy(NewLead, leads)
            _copy(NewAction, actions)


@contextmanager
def overtaken() -> Iterator[None]:
    """Turn database errors that mean a lost race into Overtaken."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) in _OVERTAKEN:
            raise Overtaken from error
        raise


def store_delivery(delivery: NewDelivery) -> None:
    """Store the delivery after its rows."""
    _store(delivery, [], [], [])


def _store(
    delivery: NewDelivery | None, leads: Sequence[NewLead], actions: Sequence[NewAction], periods: Collection[int]
) -> None:
    parameters: list[str | list[int] | None] = [
        f"{limits.WAITING_SECONDS}s",
        f"{limits.STEP_SECONDS}s",
        as_json(delivery.columns()) if delivery else None,
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


def next_action_id() -> int:
    """Reserve the ID of an action that is not stored yet."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ACTION)
        return int(cursor.fetchone()[0])
