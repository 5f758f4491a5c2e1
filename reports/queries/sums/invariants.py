"""The invariants of the product, always recounted from the rows; the roll-up is compared with them."""

from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.deeds.chain import Head
from billing_engine.core.read_replica import from_copy
from reports.queries.sums.activity_sums import rolled_up
from reports.queries.sums.billed_sums import lines, numbers, outstanding, totals
from reports.queries.sums.chain_of_deeds import unbroken
from reports.queries.sums.chain_of_proofs import proven
from reports.queries.sums.invariant import Invariant
from reports.queries.sums.stored_sums import received, stored


@from_copy
def invariants(month: Cycle | None = None, *, known: Head | None = None) -> list[Invariant]:
    """Recount the invariants for one month or all time; deliveries count by UTC, and weeks toward the month they end in.

    Invoice numbers and outstanding amounts are always for all time. Each invariant takes one or two statements, and each
    statement sees a consistent snapshot. `known` is a head of the chain of deeds that was written down earlier.
    """
    span = month.span(ZoneInfo("UTC")) if month else None
    parameters = {
        "month": str(month) if month else "",
        "labels": list(month.labels) if month else [],
        "from": span.start if span else None,
        "to": span.end if span else None,
    }
    return [
        received(parameters),
        stored(parameters),
        *lines(parameters),
        totals(parameters),
        numbers(),
        outstanding(),
        rolled_up(parameters),
        unbroken(parameters, known=known),
        proven(),
    ]
