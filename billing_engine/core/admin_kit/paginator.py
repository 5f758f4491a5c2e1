"""Count lists exactly while that is cheap."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet

COUNTED_AT_MOST = 10_000


class PatientPaginator(Paginator[Any]):
    """Counts small lists exactly and estimates large ones, because PostgreSQL would have to visit every row."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows.order_by()[: COUNTED_AT_MOST + 1].values("pk").count()
        return counted if counted <= COUNTED_AT_MOST else max(counted, self._estimate(rows))

    @staticmethod
    def _estimate(rows: QuerySet[Any]) -> int:
        """The planner's estimate, good enough for paging."""
        sql, parameters = rows.order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            plan = cursor.fetchone()[0]
        return int(plan[0]["Plan"]["Plan Rows"])
