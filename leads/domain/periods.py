"""Which billing period an action belongs to."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.db.models import Max

from billing_engine.core.spans import Month
from leads.domain.known import Known
from leads.models import BillingPeriod, Customer, UnratedMark

Cycle = tuple[int, Month]  # a customer's id and the month


def open_cycles(cycles: Iterable[tuple[Customer, Month]]) -> None:
    """See to it that a period exists for each cycle, whoever creates it first."""
    missing = []
    for customer, month in sorted(cycles, key=lambda cycle: (cycle[0].pk, cycle[1])):
        span = month.span(customer.zone)
        missing.append(BillingPeriod(customer=customer, label=str(month), start_at=span.start, end_at=span.end))
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


class Periods:
    """The open period for each instant: its own cycle's if that is still open, otherwise the customer's earliest open one.

    A cycle that nobody opened yet counts as open when it comes after everything that is closed. That the periods are
    open still is for whoever writes to see to.
    """

    def __init__(self, known: Known) -> None:
        self._zones = known.zones
        self._open = {(period.customer_id, Month.parse(period.label)): period.pk for period in known.periods}
        # One look for each action is what a large delivery spends its time on: the plain month is looked up first.
        self._found = {(owner, month.year, month.month): pk for (owner, month), pk in self._open.items()}
        self._unopened: set[Cycle] = set()

    def of(self, customer: int, instant: datetime) -> int:
        """The number of the open period; 0 where there is none, see `open_missing`."""
        local = instant.astimezone(self._zones[customer])
        cycle = customer, local.year, local.month
        if cycle not in self._found:
            home = self._home((customer, Month(local.year, local.month)))
            if home not in self._open:
                self._unopened.add(home)
            self._found[cycle] = self._open.get(home, 0)
        return self._found[cycle]

    def open_missing(self) -> bool:
        """Open what `of` did not find, whoever is first; answers whether there was any, and the caller looks again."""
        if self._unopened:
            customers = Customer.objects.in_bulk({customer for customer, _ in self._unopened})
            open_cycles((customers[customer], month) for customer, month in self._unopened)
        return bool(self._unopened)

    def _home(self, cycle: Cycle) -> Cycle:
        customer, month = cycle
        last = self._last_closed.get(customer)
        if last is None or month > last:
            return cycle
        earliest = min((found for owner, found in self._open if owner == customer), default=None)
        return customer, earliest or last.next()

    @cached_property
    def _last_closed(self) -> dict[int, Month]:
        """Each customer's latest closed cycle, for those who have one."""
        closed = BillingPeriod.objects.closed().filter(customer__in=self._zones).values_list("customer")
        return {customer: Month.parse(label) for customer, label in closed.annotate(Max("label"))}


def mark_unrated(periods: Iterable[BillingPeriod], *, reason: str) -> None:
    """Leave a note on each period that it has to be rated (again); the next sweep finds it."""
    UnratedMark.objects.bulk_create([UnratedMark(period=period, reason=reason) for period in periods])


def mark_open_periods(*, customer: Customer | None, reason: str) -> None:
    """What rating depends on has changed: its open periods, or everybody's, are rated anew."""
    periods = BillingPeriod.objects.open()
    mark_unrated(periods if customer is None else periods.filter(customer=customer), reason=reason)
