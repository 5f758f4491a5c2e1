"""Count the calls that are refused, so that operations sees a sender whose calls do not arrive."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from leads.models import Hook

SHOWN_FOR = timedelta(days=7)

COUNT = """
    INSERT INTO leads_hookrefusal (hook_id, day, code, times, message, last_at)
    VALUES (%(hook)s, %(day)s, %(code)s, 1, %(message)s, %(at)s)
    ON CONFLICT (hook_id, day, code)
    DO UPDATE SET times = leads_hookrefusal.times + 1, message = EXCLUDED.message, last_at = EXCLUDED.last_at
"""


def count_refusal(hook: Hook, *, code: str, message: str, at: datetime) -> None:
    """Count a call that was refused for this reason; its body is not kept, because no known sender wrote it."""
    values: dict[str, Any] = {
        "hook": hook.pk,
        "day": at.astimezone(UTC).date(),
        "code": code,
        "message": message,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)


def shown_since(at: datetime) -> date:
    """Return the first of the days whose refused calls are shown."""
    return (at.astimezone(UTC) - SHOWN_FOR).date() + timedelta(days=1)
