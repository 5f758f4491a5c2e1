"""Open billing periods: each customer has all of them from its first billed day on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Max, Min, QuerySet, Sum

from billing_engine.core.calendar.spans import Calendar, Cycle, Span
from leads.models import BillingPeriod, Customer, UnratedMark

LENGTH = ExpressionWrapper(F("end_at") - F("start_at"), output_field=DurationField())


@transaction.atomic
def open_periods(instants: Mapping[int, Iterable[datetime]]) -> None:
    """Open the periods that contain these instants, by customer ID; none before the customer's first day."""
    missing = []
    for customer in _holding_calendars(instants):
        calendar, found = customer.calendar, None
        for instant in sorted(instants[customer.pk]):
            if found is None or instant >= found.end:
                cycle, found = calendar.containing(instant)
                missing.append(_period(customer, cycle, found))
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


@transaction.atomic
def open_missing(customers: QuerySet[Customer], *, until: datetime, cycles: Collection[Cycle] | None = None) -> None:
    """Open every missing period of these customers that ends by `until`, from their first day on.

    With `cycles`, only the periods of these cycles. Customers without a missing period are not locked.
    """
    behind = {period.customer_id for period in missing_periods(customers, until=until, cycles=cycles)}
    if behind:
        missing = list(missing_periods(_holding_calendars(behind), until=until, cycles=cycles))
        BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


def missing_periods(
    customers: QuerySet[Customer], *, until: datetime, cycles: Collection[Cycle] | None = None
) -> Iterator[BillingPeriod]:
    """Yield the periods that end by `until` and have not been opened yet, unsaved."""
    if cycles is None:
        yield from _missing(customers, until)
        return
    labeled = BillingPeriod.objects.filter(label__in=[str(cycle) for cycle in cycles])
    there = set(labeled.values_list("customer", "label"))
    for period in _periods_of(cycles, customers):
        if period.end_at <= until and (period.customer_id, period.label) not in there:
            yield period


def unfinished_periods(
    cycles: Collection[Cycle], customers: QuerySet[Customer], *, at: datetime
) -> list[BillingPeriod]:
    """Return the periods of these cycles that end after `at`, opened or not, in order of their end; unsaved."""
    found = [period for period in _periods_of(cycles, customers) if period.end_at > at]
    return sorted(found, key=lambda period: (period.end_at, period.customer.name))


def _periods_of(cycles: Collection[Cycle], customers: QuerySet[Customer]) -> Iterator[BillingPeriod]:
    """Yield the periods of these customers in these cycles, opened or not, unsaved."""
    for customer in customers.prefetch_related("cycle_changes"):
        calendar = customer.calendar
        kinds = {calendar.kind, *(kind for _, kind in calendar.before)}
        for cycle in cycles:
            span = calendar.span_of(cycle) if type(cycle) in kinds else None
            if span:
                yield _period(customer, cycle, span)


def _missing(customers: QuerySet[Customer], until: datetime) -> Iterator[BillingPeriod]:
    covered = _covered(customers)
    for customer in customers.prefetch_related("cycle_changes"):
        calendar = customer.calendar
        begin = _begin(calendar)
        first, last, length = covered.get(customer.pk, (begin, begin, begin - begin))
        is_whole = first == begin and last - first == length
        there = () if is_whole else set(customer.periods.values_list("start_at", flat=True))
        for cycle, span in _from(calendar, last if is_whole else begin, until):
            if span.start not in there:
                yield _period(customer, cycle, span)


def _covered(customers: QuerySet[Customer]) -> dict[int, tuple[datetime, datetime, object]]:
    """Return, per customer, where its periods start and end and their total length; without gaps these agree."""
    found = BillingPeriod.objects.filter(customer__in=customers).values_list("customer")
    sums = found.annotate(first=Min("start_at"), last=Max("end_at"), length=Sum(LENGTH))
    return {customer: (first, last, length) for customer, first, last, length in sums}


def _from(calendar: Calendar, instant: datetime, until: datetime) -> Iterator[tuple[Cycle, Span]]:
    """Yield the calendar's cycles in order, as long as they end by `until`."""
    while (found := calendar.containing(instant))[1].end <= until:
        yield found
        instant = found[1].end


def _begin(calendar: Calendar) -> datetime:
    assert calendar.begin is not None  # noqa: S101 -- tells mypy: a customer's calendar has a first day
    return calendar.begin


def _holding_calendars(customers: Iterable[int]) -> QuerySet[Customer]:
    """Return the customers, locked so that their cycle can't change until the transaction ends."""
    # Locked in the order of their IDs, so that two transactions that open periods never deadlock.
    found = Customer.objects.filter(pk__in=set(customers)).order_by("pk")
    list(found.select_for_update(no_key=True).values_list("pk", flat=True))
    return found.prefetch_related("cycle_changes")  # read after the locks


def _period(customer: Customer, cycle: Cycle, span: Span) -> BillingPeriod:
    return BillingPeriod(customer=customer, label=str(cycle), start_at=span.start, end_at=span.end)


def mark_unrated(periods: Iterable[BillingPeriod], *, reason: str) -> None:
    """Mark each period as needing to be rated (again); the next sweep finds it."""
    UnratedMark.objects.bulk_create([UnratedMark(period=period, reason=reason) for period in periods])


def mark_open_periods(*, customer: Customer | None, reason: str) -> None:
    """Have the open periods of a customer, or of all customers, rated again after a change."""
    periods = BillingPeriod.objects.open()
    mark_unrated(periods if customer is None else periods.filter(customer=customer), reason=reason)
