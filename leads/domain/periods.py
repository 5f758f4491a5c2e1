"""Which billing period an action belongs to, and which periods there have to be: from each customer's first day on, all."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Max, Min, QuerySet, Sum

from billing_engine.core.calendar.spans import Calendar, Cycle, Span
from leads.models import BillingPeriod, Customer, UnratedMark

LENGTH = ExpressionWrapper(F("end_at") - F("start_at"), output_field=DurationField())


@transaction.atomic
def open_periods(instants: Mapping[int, Iterable[datetime]]) -> None:
    """Make sure that each customer, by its number, has the periods that hold these instants, none before its first day."""
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
    """Make sure that each of these customers has every period, from its first day on, that is over by `until`.

    Or those of these cycles. Who has them all is left alone.
    """
    behind = {period.customer_id for period in missing_periods(customers, until=until, cycles=cycles)}
    if behind:
        missing = list(missing_periods(_holding_calendars(behind), until=until, cycles=cycles))
        BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


def missing_periods(
    customers: QuerySet[Customer], *, until: datetime, cycles: Collection[Cycle] | None = None
) -> Iterator[BillingPeriod]:
    """The periods of these customers, or of these cycles, that are over by `until` and are not open yet; not stored."""
    if cycles is None:
        yield from _missing(customers, until)
        return
    labelled = BillingPeriod.objects.filter(label__in=[str(cycle) for cycle in cycles])
    there = set(labelled.values_list("customer", "label"))
    for period in _periods_of(cycles, customers):
        if period.end_at <= until and (period.customer_id, period.label) not in there:
            yield period


def unfinished_periods(
    cycles: Collection[Cycle], customers: QuerySet[Customer], *, at: datetime
) -> list[BillingPeriod]:
    """The periods of these cycles that are not over at `at`, opened or not, the first to end first; not stored."""
    found = [period for period in _periods_of(cycles, customers) if period.end_at > at]
    return sorted(found, key=lambda period: (period.end_at, period.customer.name))


def _periods_of(cycles: Collection[Cycle], customers: QuerySet[Customer]) -> Iterator[BillingPeriod]:
    """What these customers are billed for by these cycles, opened or not."""
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
    """By customer: where its periods begin and end, and how long they are together. Without a gap that is the same."""
    found = BillingPeriod.objects.filter(customer__in=customers).values_list("customer")
    sums = found.annotate(first=Min("start_at"), last=Max("end_at"), length=Sum(LENGTH))
    return {customer: (first, last, length) for customer, first, last, length in sums}


def _from(calendar: Calendar, instant: datetime, until: datetime) -> Iterator[tuple[Cycle, Span]]:
    """The calendar's cycles in order, as long as they are over by `until`."""
    while (found := calendar.containing(instant))[1].end <= until:
        yield found
        instant = found[1].end


def _begin(calendar: Calendar) -> datetime:
    assert calendar.begin is not None  # noqa: S101 -- tells mypy: a customer's calendar has a first day
    return calendar.begin


def _holding_calendars(customers: Iterable[int]) -> QuerySet[Customer]:
    """The customers; until the transaction ends their cycle cannot change."""
    # In the order of their numbers, so that two who open periods never wait for each other.
    found = Customer.objects.filter(pk__in=set(customers)).order_by("pk")
    list(found.select_for_update(no_key=True).values_list("pk", flat=True))
    return found.prefetch_related("cycle_changes")  # read after the locks


def _period(customer: Customer, cycle: Cycle, span: Span) -> BillingPeriod:
    return BillingPeriod(customer=customer, label=str(cycle), start_at=span.start, end_at=span.end)


def mark_unrated(periods: Iterable[BillingPeriod], *, reason: str) -> None:
    """Leave a note on each period that it has to be rated (again); the next sweep finds it."""
    UnratedMark.objects.bulk_create([UnratedMark(period=period, reason=reason) for period in periods])


def mark_open_periods(*, customer: Customer | None, reason: str) -> None:
    """What rating depends on has changed: its open periods, or those of all customers, are rated again."""
    periods = BillingPeriod.objects.open()
    mark_unrated(periods if customer is None else periods.filter(customer=customer), reason=reason)
