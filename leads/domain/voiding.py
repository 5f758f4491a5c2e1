"""An action that its source takes back: a fact about the action, recorded at once whatever the state of its period.

In an open period it excludes the action. What a closed period was rated by stays: the void is marked as having come after
the close, rating passes it over, and it applies when the period is opened again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from billing_engine.core.errors import Refused
from leads.domain.faults import Fault
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod

# The locks keep a close, or a re-opening, from passing between the look and the change, and let other deliveries pass. The
# periods before the actions, as a person's void takes them, and each in order: no two transactions wait for each other.
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
    RETURNING action.lead_id, action.external_id, action.period_id, action.voided_after_close
"""
# What was not voided just now is voided already, or not there.
VOIDED = """
    SELECT action.lead_id, action.external_id
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_action action ON action.lead_id = sent.lead_id AND action.external_id = sent.external_id
"""

Key = tuple[int, str]  # a lead's id and the action's external id


class AlreadyVoided(Refused):
    """An action is voided once."""

    code = "already_voided"
    message = "This action is voided already."


class Void(NamedTuple):
    """Which action is taken back, and why."""

    lead: int
    external_id: str
    reason: str


class Voided(NamedTuple):
    """The outcome of each: those voided just now, those voided before, and why the others can't be."""

    now: set[Key]
    before: set[Key]
    faults: dict[Key, Fault]


@transaction.atomic
def void(action: Action, *, reason: str, at: datetime) -> None:
    """Take an action back for the reason its source gives; raises AlreadyVoided."""
    # The lock keeps a close from passing between the look and the change.
    period = BillingPeriod.objects.select_for_update().get(pk=action.period_id)
    unvoided = Action.objects.filter(pk=action.pk, voided_at=None)
    if not unvoided.update(voided_at=at, void_reason=reason, voided_after_close=not period.is_open):
        raise AlreadyVoided
    if period.is_open:
        mark_unrated([period], reason="voided")


def void_sent(voids: Sequence[Void], *, at: datetime) -> Voided:
    """The same for what a delivery takes back, in three statements however many; of equals the first one's reason holds."""
    first = {(sent.lead, sent.external_id): sent for sent in reversed(voids)}
    if not first:
        return Voided(set(), set(), {})
    leads, ids, reasons = (list(column) for column in zip(*first.values(), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [leads, ids])
        cursor.execute(VOID, [leads, ids, reasons, at])
        done = cursor.fetchall()
        cursor.execute(VOIDED, [leads, ids])
        stored: set[Key] = {(lead, external_id) for lead, external_id in cursor.fetchall()}
    still_open = {period for *_, period, after_close in done if not after_close}
    mark_unrated([BillingPeriod(pk=period) for period in still_open], reason="voided")
    now = {(lead, external_id) for lead, external_id, *_ in done}
    unknown = Fault("unknown_action", "/id", "No action with this id is stored for this lead.")
    return Voided(now, stored - now, {key: unknown for key in first if key not in stored})


def apply_voids(period: BillingPeriod) -> None:
    """The period has just been opened again: what was taken back since its close is excluded from here on."""
    Action.objects.of(period).voided_after_close().update(voided_after_close=False)
