"""Runs that start by themselves: of each cycle that is over, and its grace days too."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min

from billing_engine.core.spans import CYCLES, Cycle
from invoices.domain.month_lock import CycleLocked
from invoices.domain.run import RunInProgress, start, zones_not_over
from invoices.models import BillingRun, BillingSchedule
from leads.models import BillingPeriod, Customer

UTC_ZONE = ZoneInfo("UTC")


def start_due_runs(*, at: datetime) -> list[BillingRun]:
    """Start a run of each cycle that is due; answers those started. A cycle whose run is in progress is left to it."""
    started = []
    for schedule in BillingSchedule.objects.filter(is_active=True).order_by("cycle"):
        for cycle in due_cycles(schedule, at=at):
            try:
                started.append(start(cycle, by=None, at=at))
            except (RunInProgress, CycleLocked):  # another was faster; what a lock left open is a person's to bill
                continue
    return started


def due_cycles(schedule: BillingSchedule, *, at: datetime) -> list[Cycle]:
    """The cycles to bill, the earliest first: over, with their grace days, in every time zone of who is billed by them.

    What a run has had already is not due again, whatever came of it: what failed is retried by a person.
    """
    ended = at - timedelta(days=schedule.grace_days)
    due = dict.fromkeys([*_with_new_periods(schedule.cycle, ended), *_with_minimums_only(schedule.cycle, ended)])
    return [cycle for cycle in due if not zones_not_over(cycle, at=ended)]


def _with_new_periods(kind: str, ended: datetime) -> Iterable[Cycle]:
    """Cycles with open periods that no run has had."""
    found = BillingPeriod.objects.open().filter(end_at__lte=ended, run_items=None, customer__is_active=True)
    labels = found.values_list("label").annotate(begin=Min("start_at")).order_by("begin", "label")
    cycles = [Cycle.parse(label) for label, _ in labels]
    return [cycle for cycle in cycles if cycle.kind == kind]


def _with_minimums_only(kind: str, ended: datetime) -> Iterable[Cycle]:
    """The last cycle, where customers owe a minimum for it and nothing came in: nobody has opened their periods."""
    last = CYCLES[kind].containing(ended, UTC_ZONE).previous()
    owing = Customer.objects.filter(is_active=True, cycle=kind, monthly_minimum__gt=0)
    has_run = BillingRun.objects.filter(cycle=str(last))
    return [last] if not has_run.exists() and owing.exists() else []
