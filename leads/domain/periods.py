"""Which billing period an action belongs to."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

from django.db import transaction
from django.db.models import Max

from billing_engine.core.spans import Cycle, Span
from leads.domain.known import Known, OpenPeriod
from leads.models import BillingPeriod, Customer, UnratedMark


@transaction.atomic
def open_cycle(cycle: Cycle, customers: Iterable[Customer]) -> None:
    """See to it that each of these customers who is billed by this cycle has its period, whoever creates it first."""
    missing = []
    for customer in _holding_calendars(customer.pk for customer in customers):
        span = customer.calendar.span_of(cycle)
        if span:
            missing.append(_period(customer, cycle, span))
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


@transaction.atomic
def open_periods(instants: Mapping[int, Iterable[datetime]]) -> None:
    """See to it that each customer, by its number, has the periods that hold these instants."""
    missing = []
    for customer in _holding_calendars(instants):
        calendar, found = customer.calendar, None
        for instant in sorted(instants[customer.pk]):
            if found is None or instant >= found.end:
                cycle, found = calendar.containing(instant)
                missing.append(_period(customer, cycle, found))
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


def _holding_calendars(customers: Iterable[int]) -> Iterable[Customer]:
    """The customers; until the transaction ends nobody gives them another cycle."""
    # In the order of their numbers, so that two who open periods never wait for each other.
    found = Customer.objects.filter(pk__in=set(customers)).order_by("pk")
    list(found.select_for_update(no_key=True).values_list("pk", flat=True))
    return found.prefetch_related("cycle_changes")  # read after the locks


def _period(customer: Customer, cycle: Cycle, span: Span) -> BillingPeriod:
    return BillingPeriod(customer=customer, label=str(cycle), start_at=span.start, end_at=span.end)


class Periods:
    """The open period for each instant: its own cycle's if that is still open, otherwise the customer's earliest open one.

    A cycle that nobody opened yet counts as open when it comes after everything that is closed. That the periods are
    open still is for whoever writes to see to.
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
            return periods[place].pk
        last = self._last_closed.get(customer)
        if last and instant < last:
            if periods:
                return periods[0].pk
            instant = last  # late, and all is closed: what comes next
        self._unopened[customer].add(instant)
        return 0

    def open_missing(self) -> bool:
        """Open what `of` did not find, whoever is first; answers whether there was any, and the caller looks again."""
        if self._unopened:
            open_periods(self._unopened)
        return bool(self._unopened)

    @cached_property
    def _last_closed(self) -> dict[int, datetime]:
        """When each customer's latest closed period ends, for those who have one; a sealed one is as good as closed."""
        closed = BillingPeriod.objects.takes_nothing_new().filter(customer__in=self._customers).values_list("customer")
        return dict(closed.annotate(Max("end_at")))


def mark_unrated(periods: Iterable[BillingPeriod], *, reason: str) -> None:
    """Leave a note on each period that it has to be rated (again); the next sweep finds it."""
    UnratedMark.objects.bulk_create([UnratedMark(period=period, reason=reason) for period in periods])


def mark_open_periods(*, customer: Customer | None, reason: str) -> None:
    """What rating depends on has changed: its open periods, or everybody's, are rated anew."""
    periods = BillingPeriod.objects.open()
    mark_unrated(periods if customer is None else periods.filter(customer=customer), reason=reason)
