"""Writing leads and actions, few by one statement and many by COPY, each thing once, however many senders there are.

Rows go in ordered by their key, so two overlapping deliveries wait for each other in the same order and never deadlock;
the unique constraints detect a lost race, and the loser looks up again.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO

from django.db import DatabaseError, connection, transaction

from leads.domain import limits
from leads.domain.body.decode import as_json
from leads.domain.intake.rows import COPY, NewAction, NewDelivery, NewLead, copy_text


class Overtaken(Exception):
    """A concurrent write has invalidated what was looked up: look it up again."""


# A row of ours is there already; a period is closed; two waited for each other; what a row names is gone.
_OVERTAKEN = {"23505", "40001", "40P01", "23503"}

# From so many rows on, COPY is faster than a function that is given them, though it takes three more round trips.
MANY = 300

# Until the transaction ends no step takes forever. Sent together they are one transaction, where none is in progress.
STORE = """
    SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true);
    SELECT intake_store(%s, %s, %s, %s)
"""
NEXT_ACTION = "SELECT nextval('leads_action_id_seq')"


def store(
    *,
    leads: Sequence[NewLead],
    actions: Sequence[NewAction],
    periods: Collection[int],
    delivery: NewDelivery | None = None,
) -> None:
    """Store the rows, and mark the periods to be rated; all of it or nothing. Raises Overtaken after a lost race.

    With the delivery, which may also be stored by itself, later in the same transaction.
    """
    leads = sorted(leads, key=lambda lead: lead.external_id)
    actions = sorted(actions, key=lambda action: (action.lead_id, action.external_id))
    is_small = len(leads) + len(actions) < MANY or any(action.id for action in actions)
    # One statement is a transaction by itself, which saves two round trips.
    with overtaken(), nullcontext() if is_small and not connection.in_atomic_block else transaction.atomic():
        _store(delivery, leads if is_small else [], actions if is_small else [], periods)
        if not is_small:
            _copy(NewLead, leads)
            _copy(NewAction, actions)


@contextmanager
def overtaken() -> Iterator[None]:
    """Raise Overtaken for what the database refuses after a lost race."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "pgcode", None) in _OVERTAKEN:
            raise Overtaken from error
        raise


def store_delivery(delivery: NewDelivery) -> None:
    """Store the delivery, whose rows are stored already."""
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
    """The number of an action that is not stored yet."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ACTION)
        return int(cursor.fetchone()[0])
