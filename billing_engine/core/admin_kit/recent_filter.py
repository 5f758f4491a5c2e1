"""A filter by how long ago: it reads an index from its end, and never lists every day there is."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import DropdownFilter

LATEST = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 31 days", timedelta(days=31)),
}


class Received(DropdownFilter):
    """By `received_at`."""

    title = "received"
    parameter_name = "received"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in LATEST.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = LATEST.get(self.value() or "")
        return queryset.filter(received_at__gte=now() - found[1]) if found else queryset
