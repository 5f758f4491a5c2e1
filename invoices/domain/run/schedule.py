"""Runs that start by themselves: of each period that is over, and its grace days too."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Min

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.errors import HasFaults
from billing_engine.core.validation import row_faults
from invoices.domain.month_lock import CycleLocked
from invoices.domain.run.billing_run import RunInProgress, active_customers, start_by_schedule, to_bill
from invoices.models import BillingRun, BillingSchedule
from leads.domain.periods import missing_periods, open_missing
from leads.models import BillingPeriod


class Due(NamedTuple):
    """A cycle and when the schedule bills the first of its customers."""

    cycle: Cycle
    at: datetime


@transaction.atomic
def set_schedule(schedule: BillingSchedule) -> BillingSchedule:
    """Let the runs of one kind of cycle start by themselves, or by hand, after so many days. Raises HasFaults."""
    if faults := row_faults(schedule):
        raise HasFaults(faults)
    schedule.save()
    return schedule


def start_due_runs(*, at: datetime) -> list[BillingRun]:
    """Start a run of each cycle of which something is due; answers those started. A cycle whose run is in progress waits."""
    started = []
    for schedule in BillingSchedule.objects.filter(is_active=True).order_by("cycle"):
        for cycle in due_cycles(schedule, at=at):
            try:
                started.append(start_by_schedule(cycle, ended=at - grace(schedule), at=at))
            except (RunInProgress, CycleLocked):  # another was faster; what a lock left open is a person's to bill
                continue
    return started


def due_cycles(schedule: BillingSchedule, *, at: datetime) -> list[Cycle]:
    """The cycles of which a period is due, the earliest first; periods that nobody has opened are opened.

    A period is due when it is over and its grace days are, where the customer is. Which cycle the customer is billed by
    now does not matter. What a run has had already is not due again, whatever came of it: a person retries what failed.
    """
    ended = at - grace(schedule)
    open_missing(active_customers(), until=ended)
    labels = (
        to_bill().filter(run_items=None).filter(end_at__lte=ended).values_list("label").annotate(begin=Min("start_at"))
    )
    cycles = [Cycle.parse(label) for label, _ in labels.order_by("begin", "label")]
    return [cycle for cycle in cycles if cycle.kind == schedule.cycle]


def next_due(schedule: BillingSchedule, *, at: datetime) -> Due | None:
    """Which cycle this schedule bills next, and when; None where no customer is billed by such cycles."""
    found = (Due(cycle, end + grace(schedule)) for cycle, end in _to_come(schedule, at - grace(schedule)))
    return min(found, key=lambda due: due.at, default=None)


def _to_come(schedule: BillingSchedule, ended: datetime) -> Iterator[tuple[Cycle, datetime]]:
    """Of each customer the cycles that are not billed yet, opened or not: those that are over, and the present one."""
    for label, end in to_bill().filter(run_items=None).values_list("label").annotate(end=Min("end_at")):
        cycle = Cycle.parse(label)
        if cycle.kind == schedule.cycle:
            yield cycle, end
    closed = set(BillingPeriod.objects.closed().filter(end_at__gt=ended).values_list("customer", "label"))
    for customer in active_customers().prefetch_related("cycle_changes"):
        calendar = customer.calendar
        cycle, span = calendar.containing(max(ended, calendar.begin or ended))
        while (customer.pk, str(cycle)) in closed:
            cycle, span = calendar.containing(span.end)
        if cycle.kind == schedule.cycle:
            yield cycle, span.end
    for period in missing_periods(active_customers(), until=ended):
        cycle = Cycle.parse(period.label)
        if cycle.kind == schedule.cycle:
            yield cycle, period.end_at


def grace(schedule: BillingSchedule) -> timedelta:
    """How long after the end of a period its run waits."""
    return timedelta(days=schedule.grace_days)
