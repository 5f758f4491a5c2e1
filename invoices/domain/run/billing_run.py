"""Billing runs: one pass of the workers over the periods of a cycle, safe to kill, start twice and resume."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.progress import counted_by_state, percent
from invoices.domain.month_history import record_step
from invoices.domain.month_lock import check_unlocked
from invoices.domain.run.bills import BILLS, finish_done_runs
from invoices.domain.wording import month_in_words, unfinished_in_words
from invoices.models import BillingRun, BillingRunItem, CycleStep
from leads.domain.periods import open_missing, unfinished_periods
from leads.models import BillingPeriod, Customer

State = BillingRunItem.State

RUN_STARTED = Verb("billing_run_started", "Billing run started")
RUN_PAUSED = Verb("billing_run_paused", "Billing run paused")
RUN_RESUMED = Verb("billing_run_resumed", "Billing run resumed")
RUN_RETRIED = Verb("billing_run_retried", "Failed periods of a billing run tried again")


class CycleNotOver(Refused):
    """No period of this cycle has ended yet in its customer's time zone."""

    code = "cycle_not_over"


class RunInProgress(Refused):
    """Only one run of a cycle can be in progress."""

    code = "run_in_progress"
    message = "A run of this cycle is already in progress."


class RunIsFinished(Refused):
    """A finished run cannot be paused or resumed."""

    code = "run_is_finished"
    message = "This run is finished."


@dataclass(frozen=True, slots=True)
class Progress:
    """The number of a run's items in each state."""

    billed: int
    nothing: int
    failed: int
    waiting: int

    @property
    def total(self) -> int:
        return self.billed + self.nothing + self.failed + self.waiting

    @property
    def percent(self) -> int:
        return percent(self.total - self.waiting, self.total)


@transaction.atomic
def start(cycle: Cycle, *, by: User | None, at: datetime) -> BillingRun:
    """Start a run with one item per open period of the cycle that has ended; each item is billed by its own task.

    Missing periods are opened first. Periods that have not ended are left to a later run. Raises CycleLocked,
    RunInProgress, or CycleNotOver if no period has ended.
    """
    check_unlocked(str(cycle))
    open_missing(active_customers(), until=at, cycles=[cycle])
    run = _create_run(cycle, by, at)
    periods = _ended(cycle, at)
    if not periods.exists() and (unfinished := unfinished_periods([cycle], active_customers(), at=at)):
        raise CycleNotOver(f"Not ended yet: {unfinished_in_words(unfinished)}.")
    return _with_items(run, periods, at)


@transaction.atomic
def start_by_schedule(cycle: Cycle, *, ended: datetime, at: datetime) -> BillingRun:
    """Start a run of the cycle's periods that ended by `ended` and were in no run yet; raise CycleLocked or RunInProgress."""
    check_unlocked(str(cycle))
    return _with_items(_create_run(cycle, None, at), _ended(cycle, ended).filter(run_items=None), at)


def active_customers() -> QuerySet[Customer]:
    """Return the customers that runs bill."""
    return Customer.objects.filter(is_active=True)


def to_bill() -> QuerySet[BillingPeriod]:
    """Return the open periods of active customers."""
    return BillingPeriod.objects.open().filter(customer__is_active=True)


def _ended(cycle: Cycle, by: datetime) -> QuerySet[BillingPeriod]:
    return to_bill().filter(label=str(cycle), end_at__lte=by)


def _with_items(run: BillingRun, periods: QuerySet[BillingPeriod], at: datetime) -> BillingRun:
    items = BillingRunItem.objects.bulk_create(BillingRunItem(run=run, period=period) for period in periods)
    record(RUN_STARTED, on=run, by=run.started_by, after={"cycle": run.cycle, "periods": len(items)})
    finish_done_runs(BillingRun.objects.filter(pk=run.pk), at=at)
    BILLS.ask_for(run.items.all())
    return run


def bill(*item_ids: int, at: datetime) -> None:
    """Bill some items of a run together."""
    BILLS.work(item_ids, at=at)


@transaction.atomic
def pause(run: BillingRun, *, by: User | None, at: datetime) -> None:
    """Pause a run: the workers finish the customers they are billing, and the others wait."""
    _unfinished(run)
    if BillingRun.objects.filter(pk=run.pk, paused_at=None).update(paused_at=at, paused_by=by):
        record(RUN_PAUSED, on=run, by=by)


@transaction.atomic
def resume(run: BillingRun, *, by: User | None) -> int:
    """Resume a run; return the number of customers that are waiting."""
    _unfinished(run)
    if BillingRun.objects.filter(pk=run.pk, paused_at__isnull=False).update(paused_at=None, paused_by=None):
        record(RUN_RESUMED, on=run, by=by)
    return BILLS.ask_for(run.items.waiting())


def _unfinished(run: BillingRun) -> None:
    if not BillingRun.objects.select_for_update(no_key=True).filter(pk=run.pk, finished_at=None).exists():
        raise RunIsFinished


@transaction.atomic
def retry_failed(run: BillingRun, *, by: User | None) -> int:
    """Retry the failed items of a run; return how many."""
    failed = list(run.items.select_for_update().filter(state=State.FAILED).values_list("pk", flat=True))
    try:
        with transaction.atomic():
            BillingRun.objects.filter(pk=run.pk).update(finished_at=None if failed else run.finished_at)
    except IntegrityError as error:
        raise RunInProgress from error
    BillingRunItem.objects.filter(pk__in=failed).update(
        state=State.WAITING, code="", message="", attempts=0, settled_at=None
    )
    if failed:
        record(RUN_RETRIED, on=run, by=by, after={"periods": len(failed)})
    BILLS.ask_for(run.items.filter(pk__in=failed))
    return len(failed)


def progress(run: BillingRun) -> Progress:
    """Count the run's items by state."""
    counts = counted_by_state(run.items.all())
    return Progress(**{state.value: counts.get(state.value, 0) for state in State})


def _create_run(cycle: Cycle, by: User | None, at: datetime) -> BillingRun:
    try:
        with transaction.atomic():
            run = BillingRun.objects.create(cycle=str(cycle), started_at=at, started_by=by)
    except IntegrityError as error:
        raise RunInProgress from error
    record_step(str(cycle), CycleStep.Kind.RUN, by=by, at=at, about=month_in_words(str(cycle)))
    return run
