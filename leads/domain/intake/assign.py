"""Which billing period each new action belongs to."""

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
    """The open period for each instant: its own cycle's if that is still open, otherwise the customer's earliest open one.

    A cycle that has not been opened yet counts as open. What occurred before the customer's first day has no cycle of its own: it
    is late, whatever its age. That the periods are open still is for the writer to check.
    """

    def __init__(self, known: Known) -> None:
        self._customers = known.customer_by_number
        of_one = defaultdict[int, list[OpenPeriod]](list)
        for period in sorted(known.periods, key=lambda period: period.start_at):
            of_one[period.customer_id].append(period)
        self._open = {customer: ([one.start_at for one in some], some) for customer, some in of_one.items()}
        self._unopened = defaultdict[int, set[datetime]](set)

    def of(self, customer: int, instant: datetime) -> int:
        """The number of the open period; 0 where there is none, see `open_missing`."""
        starts, periods = self._open.get(customer, ([], []))
        place = bisect_right(starts, instant) - 1
        if place >= 0 and instant < periods[place].end_at:
            return periods[place].id
        if self._is_late(customer, instant):
            if periods:
                return periods[0].id
            # All is closed: what comes next.
            instant = max(self._first_instant[customer], self._last_closed.get(customer, instant))
        self._unopened[customer].add(instant)
        return 0

    def open_missing(self) -> bool:
        """Open what `of` did not find; return whether there was any, and the caller looks it up again."""
        if self._unopened:
            open_periods(self._unopened)
        return bool(self._unopened)

    def _is_late(self, customer: int, instant: datetime) -> bool:
        """Whether it has no open period of its own, or never had one."""
        if instant < self._first_instant[customer]:
            return True
        last = self._last_closed.get(customer)
        return last is not None and instant < last and any(instant in span for span in self._closed[customer])

    @cached_property
    def _first_instant(self) -> dict[int, datetime]:
        """From when on each customer is billed."""
        found = Customer.objects.filter(pk__in=self._customers).values_list("pk", "billed_from", "time_zone")
        return {customer: midnight(day, ZoneInfo(zone)) for customer, day, zone in found}

    @cached_property
    def _last_closed(self) -> dict[int, datetime]:
        """When each customer's latest closed period ends, for those who have one; a sealed one is as good as closed."""
        closed = BillingPeriod.objects.takes_nothing_new().filter(customer__in=self._customers).values_list("customer")
        return dict(closed.annotate(Max("end_at")))

    @cached_property
    def _closed(self) -> dict[int, list[Span]]:
        """What of each customer's time takes nothing new; only asked for where something is older than that."""
        found = defaultdict[int, list[Span]](list)
        closed = BillingPeriod.objects.takes_nothing_new().filter(customer__in=self._customers)
        for customer, start, end in closed.values_list("customer", "start_at", "end_at"):
            found[customer].append(Span(start, end))
        return found
