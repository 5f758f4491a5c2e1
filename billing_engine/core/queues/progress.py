"""How far work has come."""

from typing import Any

from django.db.models import Count, QuerySet


def counted_by_state(items: QuerySet[Any]) -> dict[str, int]:
    """How many items are in each state; a state of none is missing."""
    return dict(items.order_by().values_list("state").annotate(Count("pk")))


def percent(done: int, total: int) -> int:
    """Whole percent, rounded down, so that 100 means finished; nothing to do is finished."""
    return 100 * done // total if total else 100
