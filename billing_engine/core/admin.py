"""What every admin page stands on: read-only by default, never counting a million rows, refusals told in words."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from billing_engine.core.errors import Refused

Row = TypeVar("Row", bound=models.Model)

COUNTED_AT_MOST = 10_000


class PatientPaginator(Paginator[Any]):
    """Counts small lists exactly and stops counting large ones: PostgreSQL would have to visit every row."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows.order_by()[: COUNTED_AT_MOST + 1].values("pk").count()
        return counted if counted <= COUNTED_AT_MOST else max(counted, self._estimate(rows))

    @staticmethod
    def _estimate(rows: QuerySet[Any]) -> int:
        """The planner's guess; good enough to page by."""
        sql, parameters = rows.order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            plan = cursor.fetchone()[0]
        return int(plan[0]["Plan"]["Plan Rows"])


class BaseAdmin(ModelAdmin[Row]):
    """The look and the manners all lists share."""

    show_full_result_count = False
    paginator = PatientPaginator
    list_per_page = 50
    list_filter_submit = True  # these filters are fields: without the button nothing would send them
    compressed_fields = True
    warn_unsaved_form = True
    save_on_top = False
    view_on_site = False


class ReadOnlyAdmin(BaseAdmin[Row]):
    """Rows that people look at; they change by what the domain does, never by a form."""

    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


def for_each(request: HttpRequest, rows: Iterable[Row], act: Callable[[Row], object], *, done: str) -> None:
    """Do it to each row; a refusal is told and the next row goes on. «Activated: 3»."""
    count = 0
    for row in rows:
        try:
            act(row)
        except Refused as refusal:
            messages.error(request, f"{row}: {refusal}")
        else:
            count += 1
    if count:
        messages.success(request, f"{done}: {count}")
