"""What every admin page stands on: read-only by default, never counting a million rows, refusals told in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin

from billing_engine.core.errors import Refused

Row = TypeVar("Row", bound=models.Model)

COUNTED_AT_MOST = 10_000
SKIPPED = "skipped"  # in the session, by model
SKIPPED_SHOWN = 200
TOLD_ONE_BY_ONE = 3


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


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that an act on many left as it was, and the refusal's own words."""

    name: str
    why: str
    address: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What an act on many rows skipped: the act in words, the first rows, how many more."""

    act: str
    rows: list[SkippedRow]
    more: int = 0


def for_each(request: HttpRequest, rows: Iterable[Row], act: Callable[[Row], object], *, done: str) -> None:
    """Do it to each row; what is refused is skipped and told, and the next row goes on. «Activated: 3».

    What was skipped and why stays on the list, for this person, until the next act on it.
    """
    count, skipped, kind = 0, list[tuple[str, str, str]](), ""
    for row in rows:
        kind = row._meta.label_lower
        try:
            act(row)
        except Refused as refusal:
            skipped.append((str(row), str(refusal), _page_of(row)))
        else:
            count += 1
    if kind:
        request.session[SKIPPED] = request.session.get(SKIPPED, {}) | {kind: (done, count, skipped)}
    if len(skipped) <= TOLD_ONE_BY_ONE:
        for name, why, _ in skipped:
            messages.error(request, f"{name}: {why}")
    else:
        messages.error(request, f"Skipped: {len(skipped):,}. The list says why.")
    if count:
        messages.success(request, f"{done}: {count}")


def skipped_by(request: HttpRequest, model: type[models.Model]) -> Skipped | None:
    """What this person's last act on rows of the model skipped; None where it was nothing."""
    done, count, rows = request.session.get(SKIPPED, {}).get(model._meta.label_lower, ("", 0, []))
    if not rows:
        return None
    act = f"{done}: {count:,}. Skipped: {len(rows):,}"
    return Skipped(act, [SkippedRow(*row) for row in rows[:SKIPPED_SHOWN]], max(0, len(rows) - SKIPPED_SHOWN))


def _page_of(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
