"""A billing run: one pass over the periods of a cycle by the workers, safe to kill, to start twice and to resume."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Count, F, QuerySet

from billing_engine.core import log_context
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from invoices.domain.life.close import PeriodNotOver, close
from invoices.domain.month_history import note
from invoices.domain.month_lock import check_unlocked
from invoices.domain.wording import month_in_words, unfinished_in_words
from invoices.models import BillingRun, BillingRunItem, CycleStep
from leads.domain.periods import open_missing, unfinished_periods
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate_waiting
from pricing.models.attempts import TRIES

logger = logging.getLogger(__name__)
GIVEN_UP = "given_up"
NOT_SAID = "Its worker died each time: look into the log of the workers."
State = BillingRunItem.State


class CycleNotOver(Refused):
    """A period is billed when it is over where its customer is, and of this cycle none is."""

    code = "cycle_not_over"


class RunInProgress(Refused):
    """One run of a cycle at a time."""

    code = "run_in_progress"
    message = "A run of this cycle is in progress already."


class RunIsFinished(Refused):
    """What is over is neither paused nor resumed."""

    code = "run_is_finished"
    message = "This run is finished."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    billed: int
    nothing: int
    failed: int
    waiting: int

    @property
    def total(self) -> int:
        return self.billed + self.nothing + self.failed + self.waiting

    @property
    def percent(self) -> int:
        return 100 if not self.total else 100 * (self.total - self.waiting) // self.total


@transaction.atomic
def start(cycle: Cycle, *, by: User | None, at: datetime) -> BillingRun:
    """Begin to bill what is over of a cycle: an item per open period that has ended, each billed by a task of its own.

    Who has no period of it yet gets one. What has not ended is left to a later run. Raises CycleLocked, RunInProgress, or
    CycleNotOver where nothing has ended.
    """
    check_unlocked(str(cycle))
    open_missing(active_customers(), until=at, cycles=[cycle])
    run = _create_run(cycle, by, at)
    periods = _ended(cycle, at)
    if not periods.exists() and (unfinished := unfinished_periods([cycle], active_customers(), at=at)):
        raise CycleNotOver(f"Not over yet: {unfinished_in_words(unfinished)}.")
    return _with_items(run, periods, at)


@transaction.atomic
def start_by_schedule(cycle: Cycle, *, ended: datetime, at: datetime) -> BillingRun:
    """Begin to bill what of a cycle has ended by `ended` and no run has had. Raises CycleLocked or RunInProgress."""
    check_unlocked(str(cycle))
    return _with_items(_create_run(cycle, None, at), _ended(cycle, ended).filter(run_items=None), at)


def active_customers() -> QuerySet[Customer]:
    """Whom runs bill."""
    return Customer.objects.filter(is_active=True)


def to_bill() -> QuerySet[BillingPeriod]:
    """Open periods of active customers."""
    return BillingPeriod.objects.open().filter(customer__is_active=True)


def _ended(cycle: Cycle, by: datetime) -> QuerySet[BillingPeriod]:
    return to_bill().filter(label=str(cycle), end_at__lte=by)


def _with_items(run: BillingRun, periods: QuerySet[BillingPeriod], at: datetime) -> BillingRun:
    items = BillingRunItem.objects.bulk_create(BillingRunItem(run=run, period=period) for period in periods)
    _finish_if_done(run.pk, at)
    for item in items:
        after_commit("invoices.bill", item_id=item.pk)
    return run


def bill(item_id: int, *, at: datetime) -> None:
    """Bill one item of a run: its period closed and its invoice drafted, or the reason why not; all or nothing.

    An item that somebody else is billing, or has billed, is left alone; so is one whose run is paused. Each attempt is
    counted before it is made; what three of them have not ended is failed, for a person to retry.
    """
    if not _claimed(item_id, at):
        return
    try:
        _bill_claimed(item_id, at)
    except OperationalError as error:
        with suppress(DatabaseError):
            BillingRunItem.objects.waiting().filter(pk=item_id).update(message=f"{type(error).__name__}: {error}")
        raise


@transaction.atomic
def _claimed(item_id: int, at: datetime) -> bool:
    """Whether this is an attempt at it; committed before the work, so that a worker that dies has counted it."""
    item = _free(item_id)
    if item is None:
        return False
    if item.attempts < TRIES:
        BillingRunItem.objects.filter(pk=item_id).update(attempts=F("attempts") + 1, message="")
        return True
    item.state, item.code, item.settled_at = State.FAILED, GIVEN_UP, at
    item.message = f"Begun {TRIES} times, and never ended. {item.message or NOT_SAID}"
    item.save()
    _finish_if_done(item.run_id, at)
    return False


def _free(item_id: int) -> BillingRunItem | None:
    """The item, locked, if it waits and nobody is at it."""
    waiting = BillingRunItem.objects.to_bill().select_for_update(of=("self",), skip_locked=True)
    return waiting.select_related("period").filter(pk=item_id).first()


def _bill_claimed(item_id: int, at: datetime) -> None:
    with transaction.atomic():
        item = _free(item_id)
        if item is None:
            return
        log_context.follow(run=item.run_id, item=item.pk)
        if _bill(item, at):
            item.settled_at = at
            item.save()
    _finish_if_done(item.run_id, at)


def _bill(item: BillingRunItem, at: datetime) -> bool:
    """Whether the item is settled, one way or the other."""
    try:
        # On its own: when the close is refused for what is unrated, the queue shows it.
        rate_waiting([item.period_id], at=at)
        with transaction.atomic():
            item.invoice = close(item.period, at=at)
    except PeriodNotOver:  # by this worker's clock: it stays waiting, and is asked for again
        return False
    except Refused as refusal:
        item.state, item.code, item.message = State.FAILED, refusal.code, str(refusal)
    except OperationalError:
        raise  # the database, not the item, is in trouble: it stays waiting
    except Exception as error:  # one customer's fault stops no other's bill
        logger.exception("Billing item %s failed", item.pk)
        item.state, item.code, item.message = State.FAILED, "unexpected", f"{type(error).__name__}: {error}"
    else:
        item.state = State.BILLED if item.invoice else State.NOTHING
    return True


@transaction.atomic
def pause(run: BillingRun, *, by: User | None, at: datetime) -> None:
    """Let the workers leave the run alone: who is being billed at this moment is billed, the others wait."""
    _unfinished(run)
    BillingRun.objects.filter(pk=run.pk, paused_at=None).update(paused_at=at, paused_by=by)


@transaction.atomic
def resume(run: BillingRun) -> int:
    """Let the workers go on; answers with how many customers."""
    _unfinished(run)
    BillingRun.objects.filter(pk=run.pk).update(paused_at=None, paused_by=None)
    waiting = list(run.items.waiting().values_list("pk", flat=True))
    for item_id in waiting:
        after_commit("invoices.bill", item_id=item_id)
    return len(waiting)


def _unfinished(run: BillingRun) -> None:
    if not BillingRun.objects.select_for_update(no_key=True).filter(pk=run.pk, finished_at=None).exists():
        raise RunIsFinished


@transaction.atomic
def retry_failed(run: BillingRun) -> int:
    """Let the workers try what failed again; answers how many items."""
    failed = list(run.items.select_for_update().filter(state=State.FAILED).values_list("pk", flat=True))
    try:
        with transaction.atomic():
            BillingRun.objects.filter(pk=run.pk).update(finished_at=None if failed else run.finished_at)
    except IntegrityError as error:
        raise RunInProgress from error
    BillingRunItem.objects.filter(pk__in=failed).update(
        state=State.WAITING, code="", message="", attempts=0, settled_at=None
    )
    for item_id in failed:
        after_commit("invoices.bill", item_id=item_id)
    return len(failed)


def progress(run: BillingRun) -> Progress:
    """Counted now."""
    counts = dict(run.items.values_list("state").annotate(Count("pk")))
    return Progress(**{state.value: counts.get(state.value, 0) for state in State})


def _create_run(cycle: Cycle, by: User | None, at: datetime) -> BillingRun:
    try:
        with transaction.atomic():
            run = BillingRun.objects.create(cycle=str(cycle), started_at=at, started_by=by)
    except IntegrityError as error:
        raise RunInProgress from error
    note(str(cycle), CycleStep.Kind.RUN, by=by, at=at, about=month_in_words(str(cycle)))
    return run


def _finish_if_done(run_id: int, at: datetime) -> None:
    waiting = BillingRunItem.objects.waiting().filter(run_id=run_id)
    if not waiting.exists():
        BillingRun.objects.filter(pk=run_id, finished_at=None).update(finished_at=at, paused_at=None, paused_by=None)
