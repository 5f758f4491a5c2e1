"""Unbilled as of a day, as a table for files."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.http import QueryDict

from billing_engine.core.calendar.wording import day_in_words, days_of
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from invoices.models import Invoice
from reports.domain.exports.registry import Exportable, register
from reports.domain.question.wording import WHOSE_DAYS
from reports.queries.freshness import freshness_in_words
from reports.queries.unbilled.asked import days_asked
from reports.queries.unbilled.unbilled import UnbilledPeriod, unbilled_at

MAY_SEE = ("pricing.view_charge", "invoices.view_invoice")
COLUMNS = (
    *map(Column, ("Currency", "Customer code", "Customer", "Time zone", "Period")),
    *(Column(name, Kind.DATE) for name in ("First day", "Last day")),
    *(
        Column(name, Kind.INTEGER)
        for name in ("Charged actions", "Rated actions", "Unrated actions", "Actions waiting for rating")
    ),
    Column("Exact amount", Kind.DECIMAL),
    Column("Arrived since: actions", Kind.INTEGER),
    Column("Arrived since: amount", Kind.DECIMAL),
    *(Column(name, Kind.INTEGER) for name in ("Voided since", "Waived since")),
    Column("Last rated", Kind.INSTANT),
    Column("Minimum still due", Kind.DECIMAL),
    *map(Column, ("Invoice now", "Invoice number")),
    Column("Issued", Kind.INSTANT),
)


def state_in_words(row: UnbilledPeriod) -> str:
    """The state of the period's invoice now."""
    if row.state:
        return str(Invoice.State(row.state).label)
    return "Not invoiced" if row.period else "Not opened"


@from_copy
def unbilled_table(query: str, _: User, at: datetime) -> Table:
    """Every period of every currency; raises BadQuestion."""
    day, previous = days_asked(QueryDict(query).dict(), at=at)
    rows = [row for answer in unbilled_at(day, previous=previous) for row in answer.rows]
    asked = f"Unbilled at the end of {day_in_words(day)}"
    return Table(
        name=f"unbilled-{day}",
        title=asked,
        columns=COLUMNS,
        rows=_cells(rows),
        notes=Notes(asked, WHOSE_DAYS, at, freshness_in_words(freshness()), total_rows=len(rows)),
    )


def _cells(rows: Iterable[UnbilledPeriod]) -> Iterator[list[Cell]]:
    for row in rows:
        first, last = days_of(row.start_at, row.end_at, ZoneInfo(row.time_zone))
        yield [
            *(row.currency, row.code, row.name, row.time_zone, row.label, first, last),
            *(row.charged, row.actions, row.unrated, row.waiting, row.amount),
            *(row.arrived, row.arrived_amount, row.voided, row.waived, row.rated_at),
            *(row.minimum, state_in_words(row), row.number, row.issued_at),
        ]


UNBILLED = register(Exportable("unbilled", needs=MAY_SEE, table=unbilled_table))
