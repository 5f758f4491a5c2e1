"""The progress of work."""

from typing import Any

from django.db.models import Count, QuerySet


def counted_by_state(items: QuerySet[Any]) -> dict[str, int]:
    """The number of items in each state; states without items are missing."""
    return dict(items.order_by().values_list("state").annotate(Count("pk")))


def percent(done: int, total: int) -> int:
    """Whole percent, rounded down, so that 100 means finished; no work also counts as finished."""
    return 100 * done // total if total else 100
