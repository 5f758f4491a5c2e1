"""Assign each new action to a billing period."""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Max

from billing_engine.core.calendar.spans import Span, midnight
from leads.domain.intake.lookup import Known, OpenPeriod
from leads.domain.periods import open_periods
from leads.models import BillingPeriod, Customer


class PeriodAssignment:
    """Finds the open period for an instant: that of its own cycle or, if closed, the customer's earliest open one.

    A cycle that has not been opened yet counts as open. An instant before the customer's first day has no cycle, so it is
    always late. The writer checks that the periods are still open.
    """

    def __init__(self, known: Known) -> None:
        self._customers = known.customer_by_number
        of_one = defaultdict[int, list[OpenPeriod]](list)
        for period in sorted(known.periods, key=lambda period: period.start_at):
            of_one[period.customer_id].append(period)
        self._open = {customer: ([one.start_at for one in some], some) for customer, some in of_one.items()}
        self._unopened = defaultdict[int, set[datetime]](set)

    def of(self, customer: int, instant: datetime) -> int:
        """Return the ID of the open period; 0 if there is none yet, see `open_missing`."""
        starts, periods = self._open.get(customer, ([], []))
        place = bisect_right(starts, instant) - 1
        if place >= 0 and instant < periods[place].end_at:
            return periods[place].id
        if self._is_late(customer, instant):
            if periods:
                return periods[0].id
            # All periods are closed: use the next one.
            instant = max(self._first_instant[customer], self._last_closed.get(customer, instant))
        self._unopened[customer].add(instant)
        return 0

    def open_missing(self) -> bool:
        """Open the periods that `of` did not find; if it returns True, the caller looks everything up again."""
        if self._unopened:
            open_periods(self._unopened)
        return bool(self._unopened)

    def _is_late(self, customer: int, instant: datetime) -> bool:
        """Return whether the period of this instant is closed or never existed."""
        if instant < self._first_instant[customer]:
            return True
        last = self._last_closed.get(customer)
        return last is not None and instant < last and any(instant in span for span in self._closed[customer])

    @cached_property
    def _first_instant(self) -> dict[int, datetime]:
        """The moment each customer is billed from."""
        found = Customer.objects.filter(pk__in=self._customers).values_list("pk", "billed_from", "time_zone")
        return {customer: midnight(day, ZoneInfo(zone)) for customer, day, zone in found}

    @cached_property
    def _last_closed(self) -> dict[int, datetime]:
        """The end of each customer's latest closed period, if any; a sealed period counts as closed."""
        closed = BillingPeriod.objects.closed_or_sealed().filter(customer__in=self._customers).values_list("customer")
        return dict(closed.annotate(Max("end_at")))

    @cached_property
    def _closed(self) -> dict[int, list[Span]]:
        """Each customer's closed or sealed time spans; only queried if something is older than the latest."""
        found = defaultdict[int, list[Span]](list)
        closed = BillingPeriod.objects.closed_or_sealed().filter(customer__in=self._customers)
        for customer, start, end in closed.values_list("customer", "start_at", "end_at"):
            found[customer].append(Span(start, end))
        return found
