"""The reports that can be exported: each registers itself where its table is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from billing_engine.core.tables.table import Table

TableOf = Callable[[str, User, datetime], Table]
RowsOf = Callable[[str, User, datetime], int]


class UnknownReport(Refused):
    """A report that was there once may be gone."""

    code = "unknown_report"
    http_status = 404
    message = "There is no such report."


class NotAllowed(Refused):
    """Rights are checked when a file is asked for, and again when it is written and when it is downloaded."""

    code = "report_not_allowed"
    http_status = 403
    message = "You may not see this report."


@dataclass(frozen=True, slots=True)
class Exportable:
    """A report that can be a file.

    `table` reads a query string as the report's page does, as of an instant, and raises a refusal for one that makes no
    sense. Its rows are read outside a transaction, through a server-side cursor. `rows` says about how many there are,
    without reading them; it is not needed if the table has counted them. `needs` are the permissions of the page, all of
    them; what only some may see of it is up to `table`.
    """

    name: str
    needs: tuple[str, ...]
    table: TableOf
    rows: RowsOf | None = None

    def asked(self, query: str, person: User, at: datetime) -> tuple[Table, int]:
        """The table, and about how many rows it has."""
        table = self.table(query, person, at)
        counted = table.notes.total_rows
        if counted is not None or self.rows is None:
            return table, counted or 0
        return table, self.rows(query, person, at)


_known: dict[str, Exportable] = {}


def register(report: Exportable) -> Exportable:
    """Make a report known; its name is taken once."""
    if report.name in _known:
        raise ValueError(f"The report {report.name} is registered twice.")
    _known[report.name] = report
    return report


def report_for(name: str, person: User) -> Exportable:
    """Return the report for someone who may see it; raise UnknownReport or NotAllowed."""
    report = _known.get(name)
    if report is None:
        raise UnknownReport
    if not person.is_active:
        raise NotAllowed(f"{person} can no longer log in.")
    if not person.has_perms(report.needs):
        raise NotAllowed
    return report
