"""Billing runs: one pass of the workers over the periods of a cycle, safe to kill, start twice and resume."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from billing_engine.core import log_context
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure, NotYet
from billing_engine.core.queues.locked import LockedQueue
from billing_engine.core.queues.progress import counted_by_state, percent
from billing_engine.core.queues.queue import AT_A_TIME, Message
from invoices.domain.life.close import PeriodNotOver, close
from invoices.domain.life.deeds import total_of
from invoices.domain.month_history import record_step
from invoices.domain.month_lock import check_unlocked
from invoices.domain.wording import month_in_words, unfinished_in_words
from invoices.models import BillingRun, BillingRunItem, CycleStep
from leads.domain.periods import open_missing, unfinished_periods
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate_waiting

QUIET = timedelta(seconds=10)
NOT_SAID = "Its worker ended each time. Check the workers' log."
State = BillingRunItem.State

RUN_STARTED = Verb("billing_run_started", "Billing run started")
RUN_PAUSED = Verb("billing_run_paused", "Billing run paused")
RUN_RESUMED = Verb("billing_run_resumed", "Billing run resumed")
RUN_RETRIED = Verb("billing_run_retried", "Failed periods of a billing run tried again")
PERIOD_BILLED = Verb("period_billed", "Period billed")


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
    for item in items:
        BILLS.ask(item_id=item.pk)
    return run


class Bills(LockedQueue[BillingRunItem]):
    """The queue of periods to bill: each is closed and its invoice drafted, or the reason why not is recorded."""

    task = "invoices.bill"

    def waiting(self) -> QuerySet[BillingRunItem]:
        return BillingRunItem.objects.to_bill().select_related("period__customer", "run__started_by")

    def act(self, item: BillingRunItem, *, at: datetime) -> None:
        log_context.follow(run=item.run_id, item=item.pk)
        # In its own transaction: if unrated actions block the close, the list of unrated actions shows them.
        rate_waiting([item.period_id], at=at)
        try:
            with transaction.atomic():
                item.invoice = close(item.period, at=at)
        except PeriodNotOver as early:  # by this worker's clock
            raise NotYet from early
        after = {"draft": str(item.invoice), "total": total_of(item.invoice)} if item.invoice else {"draft": None}
        also = [*([item.invoice] if item.invoice else []), item.period.customer, item.run]
        record(PERIOD_BILLED, on=item.period, by=item.run.started_by, after=after, also=also)
        item.state, item.settled_at = State.BILLED if item.invoice else State.NOTHING, at

    def fail(self, item: BillingRunItem, failure: Failure, *, at: datetime) -> None:
        item.state, item.code, item.message, item.settled_at = State.FAILED, failure.code, failure.words, at

    def may_begin(self, item: BillingRunItem, *, at: datetime) -> bool:
        item.message = ""
        return True

    def interrupted(self, item_id: int, error: OperationalError) -> None:
        with suppress(DatabaseError):
            BillingRunItem.objects.waiting().filter(pk=item_id).update(message=f"{type(error).__name__}: {error}")

    def given_up(self, item: BillingRunItem) -> str:
        return f"Started {self.most_attempts} times without finishing. {item.message or NOT_SAID}"

    def after(self, item: BillingRunItem, *, at: datetime) -> None:
        finish_done_runs(BillingRun.objects.filter(pk=item.run_id), at=at)

    def tidy(self, *, at: datetime) -> None:
        """Finish the runs whose last worker died after billing, before it could finish the run."""
        finish_done_runs(at=at)

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Return the waiting items of runs in which nothing was settled lately.

        In an active run the messages still exist; queueing them again would flood a long run.
        """
        latest = Coalesce(Max("items__settled_at"), "started_at")
        quiet = BillingRun.objects.filter(finished_at=None).annotate(latest=latest).filter(latest__lt=at - QUIET)
        waiting = self.waiting().filter(run__in=quiet.values("pk"))
        return [{"item_id": pk} for pk in waiting.values_list("pk", flat=True)[:AT_A_TIME]]


BILLS = Bills()


def bill(item_id: int, *, at: datetime) -> None:
    """Bill one item of a run."""
    BILLS.work(item_id, at=at)


def finish_done_runs(runs: QuerySet[BillingRun] | None = None, *, at: datetime) -> int:
    """Finish the runs (by default all) that have no waiting items; return how many."""
    waiting = BillingRunItem.objects.waiting().filter(run=OuterRef("pk"))
    done = (BillingRun.objects.all() if runs is None else runs).filter(~Exists(waiting), finished_at=None)
    return done.update(finished_at=at, paused_at=None, paused_by=None)


@transaction.atomic
def pause(run: BillingRun, *, by: User | None, at: datetime) -> None:
    """Pause a run: the workers finish the customer they are billing, and the others wait."""
    _unfinished(run)
    if BillingRun.objects.filter(pk=run.pk, paused_at=None).update(paused_at=at, paused_by=by):
        record(RUN_PAUSED, on=run, by=by)


@transaction.atomic
def resume(run: BillingRun, *, by: User | None) -> int:
    """Resume a run; return the number of customers that are waiting."""
    _unfinished(run)
    if BillingRun.objects.filter(pk=run.pk, paused_at__isnull=False).update(paused_at=None, paused_by=None):
        record(RUN_RESUMED, on=run, by=by)
    waiting = list(run.items.waiting().values_list("pk", flat=True))
    for item_id in waiting:
        BILLS.ask(item_id=item_id)
    return len(waiting)


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
    for item_id in failed:
        BILLS.ask(item_id=item_id)
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
