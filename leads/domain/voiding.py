"""Void actions, by a person or at the request of their source, recorded at once whatever the state of the period.

In an open period, the action is excluded. In a closed period, the charges stand: the void is marked as having come after
the close, rating ignores it, and it applies when the period is reopened.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from leads.domain.faults import Fault
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod, Customer

ACTION_VOIDED = Verb("action_voided", "Action voided")
VOIDS_TAKEN_BACK = Verb("voids_taken_back", "Voids taken back")
TESTS_CLEARED = Verb("tests_cleared", "Test leads cleared")

# The locks keep the period from being closed or reopened between the check and the change, but let other deliveries pass.
# Periods are locked before actions, as when a person voids, and each in order, so that transactions never deadlock.
LOCK = """
    SELECT FROM leads_billingperiod WHERE id IN (
        SELECT action.period_id FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
          JOIN leads_action action ON action.lead_id = sent.lead_id AND action.external_id = sent.external_id
    ) ORDER BY id FOR KEY SHARE
"""
VOID = """
    WITH taken AS (
        SELECT action.id, sent.reason, period.state = 'closed' AS after_close
          FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS sent (lead_id, external_id, reason)
          JOIN leads_action action ON action.lead_id = sent.lead_id AND action.external_id = sent.external_id
          JOIN leads_billingperiod period ON period.id = action.period_id
         WHERE action.voided_at IS NULL
         ORDER BY action.id
           FOR NO KEY UPDATE OF action
    )
    UPDATE leads_action action
       SET voided_at = %s, void_reason = taken.reason, voided_after_close = taken.after_close
      FROM taken WHERE taken.id = action.id
    RETURNING action.id, action.lead_id, action.external_id, action.period_id, action.voided_after_close
"""
# Only where the period is open: elsewhere the void, or the action, is billed.
TAKE_BACK = """
    WITH taken AS (
        SELECT action.id
          FROM leads_action action JOIN leads_billingperiod period ON period.id = action.period_id
         WHERE action.id = ANY(%s) AND action.voided_at IS NOT NULL AND period.state = 'open'
         ORDER BY action.id
           FOR NO KEY UPDATE OF action
    )
    UPDATE leads_action action
       SET voided_at = NULL, void_reason = '', voided_after_close = FALSE
      FROM taken WHERE taken.id = action.id
    RETURNING action.id, action.period_id
"""
# Whatever was not voided just now is already voided or doesn't exist.
VOIDED = """
    SELECT action.lead_id, action.external_id
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_action action ON action.lead_id = sent.lead_id AND action.external_id = sent.external_id
"""

UNKNOWN_ACTION = Fault("unknown_action", "/id", "No action with this id is stored for this lead.")

Key = tuple[int, str]  # a lead's id and the action's external id


class AlreadyVoided(Refused):
    """An action can be voided only once."""

    code = "already_voided"
    message = "This action is already voided."


class Void(NamedTuple):
    """Which action to void, and why."""

    lead: int
    external_id: str
    reason: str


class Voided(NamedTuple):
    """The actions voided now, with their IDs, those voided before, and why the others can't be voided."""

    ids: list[int]
    now: set[Key]
    before: set[Key]
    faults: dict[Key, Fault]


@transaction.atomic
def void(action: Action, *, reason: str, by: User, at: datetime) -> None:
    """Void an action by a person, who gives a reason. Raises AlreadyVoided."""
    # The lock keeps the period from being closed between the check and the change.
    period = BillingPeriod.objects.select_for_update().get(pk=action.period_id)
    unvoided = Action.objects.filter(pk=action.pk, voided_at=None)
    if not unvoided.update(voided_at=at, void_reason=reason, voided_after_close=not period.is_open):
        raise AlreadyVoided
    after = {"voided_at": at, "voided_after_close": not period.is_open}
    record(ACTION_VOIDED, on=action, by=by, reason=reason, after=after, also=[period, Customer(pk=period.customer_id)])
    if period.is_open:
        mark_unrated([period], reason="voided")


def void_all(voids: Sequence[Void], *, at: datetime) -> Voided:
    """Void all actions that a delivery voids, in three statements; of duplicates, the first reason counts.

    The deed is the delivery's, which names them.
    """
    first = {(sent.lead, sent.external_id): sent for sent in reversed(voids)}
    if not first:
        return Voided([], set(), set(), {})
    leads, ids, reasons = (list(column) for column in zip(*first.values(), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [leads, ids])
        cursor.execute(VOID, [leads, ids, reasons, at])
        done = cursor.fetchall()
        cursor.execute(VOIDED, [leads, ids])
        stored: set[Key] = {(lead, external_id) for lead, external_id in cursor.fetchall()}
    still_open = {period for *_, period, after_close in done if not after_close}
    mark_unrated([BillingPeriod(pk=period) for period in still_open], reason="voided")
    now = {(lead, external_id) for _, lead, external_id, *_ in done}
    return Voided(
        [action for action, *_ in done], now, stored - now, {key: UNKNOWN_ACTION for key in first if key not in stored}
    )


def take_back(actions: Sequence[int], *, on: Model, by: User | None, reason: str) -> int:
    """Make voided actions live again, whose void was part of something that is undone as a whole; return how many.

    Call it in a transaction that keeps their periods from being closed. The database lets only an import that is being
    undone take back a void, and only its own.
    """
    if not actions:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [list(actions)])
        done = cursor.fetchall()
    if done:
        mark_unrated([BillingPeriod(pk=period) for period in {period for _, period in done}], reason="void taken back")
        record(VOIDS_TAKEN_BACK, on=on, by=by, reason=reason, also=[Action(pk=action) for action, _ in sorted(done)])
    return len(done)


def voided_by(action: Action) -> str:
    """Return who voided the action, if a person did; empty if its source did."""
    found = Deed.objects.about(action).filter(verb__in=[ACTION_VOIDED.code, TESTS_CLEARED.code]).first()
    return found.actor_name if found else ""


def apply_voids(period: BillingPeriod) -> None:
    """After a period was reopened, exclude the actions that were voided since its close."""
    Action.objects.of(period).voided_after_close().update(voided_after_close=False)
