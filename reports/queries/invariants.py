"""The five sums of product.md, recounted from the rows as they are now, never read from what was counted before."""

from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.read_replica import from_copy
from reports.queries.billed_sums import lines, numbers, outstanding, totals
from reports.queries.invariant import Invariant
from reports.queries.stored_sums import received, stored


@from_copy
def invariants(month: Cycle | None = None) -> list[Invariant]:
    """Each as it stands, of one month (deliveries by UTC, periods by their label) or of all time; weeks belong to the month
    in which they end.

    Numbers and what is owed know no month. Each is one statement or two, and each statement sees one moment.
    """
    span = month.span(ZoneInfo("UTC")) if month else None
    asked = {
        "month": str(month) if month else "",
        "labels": list(month.labels) if month else [],
        "from": span.start if span else None,
        "to": span.end if span else None,
    }
    return [received(asked), stored(asked), *lines(asked), totals(asked), numbers(), outstanding()]
