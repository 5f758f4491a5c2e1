"""Actions that occurred before their lead: stored and charged like any other, and flagged as unusual."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from leads.models import Action, EarlyAction

BEFORE_ITS_LEAD = "before_its_lead"

KEEP = """
    INSERT INTO leads_earlyaction (action_id)
    SELECT action.id
      FROM unnest(%s::bigint[], %s::text[]) AS sent (lead_id, external_id)
      JOIN leads_action action ON action.lead_id = sent.lead_id AND action.external_id = sent.external_id
     ORDER BY action.id
"""


def is_early(occurred_at: datetime, lead_occurred_at: datetime | None) -> bool:
    """Return whether an action occurred before its lead; False for a lead without a time."""
    return lead_occurred_at is not None and occurred_at < lead_occurred_at


def keep_early(keys: Collection[tuple[int, str]]) -> None:
    """Flag these newly stored actions as early."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [list(column) for column in zip(*keys, strict=True)])


def update_early(action: Action, occurred_at: datetime) -> None:
    """Set or remove the flag of an action whose time has changed."""
    if is_early(occurred_at, action.lead.occurred_at):
        EarlyAction.objects.get_or_create(action=action)
    else:
        EarlyAction.objects.filter(action=action).delete()
