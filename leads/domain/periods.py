"""Which billing period an action belongs to."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Max

from billing_engine.core.spans import Month
from leads.models import BillingPeriod, Customer, UnratedMark

Cycle = tuple[int, Month]  # a customer's id and the month

# FOR KEY SHARE: a close (FOR UPDATE) waits for us and we for it; sources and ratings wait for nobody. A period that was
# closed while we waited is no longer in the answer.
OPEN_PERIODS = """
    SELECT id, customer_id, label, start_at, end_at, state, closed_at
      FROM leads_billingperiod WHERE customer_id = ANY(%s) AND state = 'open' ORDER BY id FOR KEY SHARE
"""


def cycle_of(customer: Customer, instant: datetime) -> Cycle:
    """The customer's cycle that contains the instant."""
    return customer.pk, Month.containing(instant, customer.zone)


def open_cycles(cycles: Iterable[tuple[Customer, Month]]) -> None:
    """See to it that a period exists for each cycle, whoever creates it first."""
    missing = []
    for customer, month in sorted(cycles, key=lambda cycle: (cycle[0].pk, cycle[1])):
        span = month.span(customer.zone)
        missing.append(BillingPeriod(customer=customer, label=str(month), start_at=span.start, end_at=span.end))
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


def assign(customers: Mapping[int, Customer], cycles: set[Cycle]) -> dict[Cycle, BillingPeriod]:
    """The open period for each cycle: its own if that is still open, otherwise the customer's earliest open one.

    The periods stay open until the transaction in progress ends. A cycle that nobody opened yet counts as open when it
    comes after everything that is closed.
    """
    periods = _locked_open(customers)
    if cycles <= set(periods):
        return {cycle: periods[cycle] for cycle in cycles}
    last_closed = _last_closed(customers)
    homes = {cycle: _home(cycle, periods, last_closed) for cycle in cycles}
    unopened = set(homes.values()) - set(periods)
    if unopened:
        open_cycles((customers[customer], month) for customer, month in unopened)
        periods = _locked_open(customers)
    return {cycle: periods[home] for cycle, home in homes.items()}


def mark_unrated(periods: Iterable[BillingPeriod], *, reason: str) -> None:
    """Leave a note on each period that it has to be rated (again); the next sweep finds it."""
    UnratedMark.objects.bulk_create([UnratedMark(period=period, reason=reason) for period in periods])


def mark_open_periods(*, customer: Customer | None, reason: str) -> None:
    """What rating depends on has changed: its open periods, or everybody's, are rated anew."""
    periods = BillingPeriod.objects.open()
    mark_unrated(periods if customer is None else periods.filter(customer=customer), reason=reason)


def _locked_open(customers: Mapping[int, Customer]) -> dict[Cycle, BillingPeriod]:
    found = BillingPeriod.objects.raw(OPEN_PERIODS, [list(customers)])
    return {(period.customer_id, Month.parse(period.label)): period for period in found}


def _last_closed(customers: Mapping[int, Customer]) -> dict[int, Month]:
    """Each customer's latest closed cycle, for those who have one."""
    closed = BillingPeriod.objects.closed().filter(customer__in=customers).values_list("customer")
    return {customer: Month.parse(label) for customer, label in closed.annotate(Max("label"))}


def _home(cycle: Cycle, open_now: Mapping[Cycle, BillingPeriod], last_closed: Mapping[int, Month]) -> Cycle:
    customer, month = cycle
    last = last_closed.get(customer)
    if cycle in open_now or last is None or month > last:
        return cycle
    earliest = min((found for owner, found in open_now if owner == customer), default=None)
    return customer, earliest or last.next()
