"""Start billing runs by schedule, once periods have ended and their grace days have passed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from invoices.domain.month_lock import CycleLocked
from invoices.domain.run.billing_run import RunInProgress, active_customers, start_by_schedule, to_bill
from invoices.models import BillingRun, BillingSchedule
from leads.domain.periods import missing_periods, open_missing
from leads.models import BillingPeriod

SCHEDULE_SET = Verb("billing_schedule_set", "Billing schedule set")


class Due(NamedTuple):
    """A cycle, and when the schedule bills its first customer."""

    cycle: Cycle
    at: datetime


@transaction.atomic
def set_schedule(schedule: BillingSchedule, *, by: User) -> BillingSchedule:
    """Save a schedule: whether runs start automatically, and after how many days; raise HasFaults."""
    if faults := row_faults(schedule):
        raise HasFaults(faults)
    stored = BillingSchedule.objects.select_for_update().filter(pk=schedule.pk).first()
    save_changes(schedule, since=stored)
    record_saved(SCHEDULE_SET, on=schedule, stored=stored, by=by)
    return schedule


def start_due_runs(*, at: datetime) -> list[BillingRun]:
    """Start a run of each cycle with a period due, and return the runs; a cycle with a run in progress waits."""
    started = []
    for schedule in BillingSchedule.objects.filter(is_active=True).order_by("cycle"):
        for cycle in due_cycles(schedule, at=at):
            try:
                started.append(start_by_schedule(cycle, ended=at - grace(schedule), at=at))
            except (
                RunInProgress,
                CycleLocked,
            ):  # started elsewhere; periods left open by a lock are billed by a person
                continue
    return started


def due_cycles(schedule: BillingSchedule, *, at: datetime) -> list[Cycle]:
    """Return the cycles that have a period due, earliest first, after opening missing periods.

    A period is due once it has ended in the customer's time zone and its grace days have passed, even if the customer's
    cycle changed since. A period that was in a run is not due again, whatever the outcome: a person retries failures.
    """
    ended = at - grace(schedule)
    open_missing(active_customers(), until=ended)
    labels = (
        to_bill().filter(run_items=None).filter(end_at__lte=ended).values_list("label").annotate(begin=Min("start_at"))
    )
    cycles = [Cycle.parse(label) for label, _ in labels.order_by("begin", "label")]
    return [cycle for cycle in cycles if cycle.kind == schedule.cycle]


def next_due(schedule: BillingSchedule, *, at: datetime) -> Due | None:
    """Return which cycle this schedule bills next, and when; None if no customer has such a cycle."""
    found = (Due(cycle, end + grace(schedule)) for cycle, end in _to_come(schedule, at - grace(schedule)))
    return min(found, key=lambda due: due.at, default=None)


def _to_come(schedule: BillingSchedule, ended: datetime) -> Iterator[tuple[Cycle, datetime]]:
    """Yield each customer's unbilled cycles with their ends, opened or not: those that have ended, and the current one."""
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
    """Return how long after the end of a period its run starts."""
    return timedelta(days=schedule.grace_days)
