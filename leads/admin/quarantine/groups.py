"""Waiting items by source and code, shown above the list."""

from typing import Any

from django.db.models import Count, Min, Sum

from billing_engine.core.admin_kit.cells import list_of
from leads.admin.quarantine.fix_page import fix_address
from leads.admin.quarantine.questions import question_of
from leads.domain.quarantine.settle import CONFLICTS
from leads.models import QuarantinedItem

GROUPS_SHOWN = 20


def groups(*, with_fixes: bool) -> list[dict[str, Any]]:
    """Return the groups, largest first, each with the URL of its list and, if one value fixes its oldest item, of its fix."""
    rows = (
        QuarantinedItem.objects.for_person()
        .values("source", "source__name", "code")
        .annotate(count=Count("pk"), actions=Sum("actions_held"), since=Min("received_at"), oldest=Min("pk"))
        .order_by("-count", "source__name", "code")[:GROUPS_SHOWN]
    )
    oldest = QuarantinedItem.objects.in_bulk([row["oldest"] for row in rows]) if with_fixes else {}
    fixes = {pk: fix_address(pk) for pk, item in oldest.items() if question_of(item)}
    return [
        {
            "fix": fixes.get(row["oldest"], ""),
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
