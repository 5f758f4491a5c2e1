"""Waiting items by source and code, shown above the list."""

from typing import Any

from django.db.models import Count, Min, Sum

from billing_engine.core.admin_kit.cells import list_of
from leads.domain.quarantine.settle import CONFLICTS
from leads.models import QuarantinedItem

GROUPS_SHOWN = 20


def groups() -> list[dict[str, Any]]:
    """Return the groups, largest first, each with the URL of its list."""
    rows = (
        QuarantinedItem.objects.for_person()
        .values("source", "source__name", "code")
        .annotate(count=Count("pk"), actions=Sum("actions_held"), since=Min("received_at"))
        .order_by("-count", "source__name", "code")[:GROUPS_SHOWN]
    )
    return [
        {
            "source": row["source"],
            "source_name": row["source__name"],
            "code": row["code"],
            "count": row["count"],
            "actions": row["actions"],
            "is_conflict": row["code"] in CONFLICTS,  # conflicts are settled, not retried
            "since": row["since"],
            "these": list_of("leads.quarantineditem", code=row["code"], source__id__exact=row["source"]),
        }
        for row in rows
    ]
