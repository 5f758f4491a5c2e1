"""Close a month and the weeks that end in it: lock it once everything is drafted, close it once everything is issued."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min

from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.approvals.requests import check_not_requested, close_for
from billing_engine.core.calendar.spans import Cycle, Month, labels_of
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from invoices.domain.life.close import close_if_empty
from invoices.domain.month_close.unfinished import OpenPeriods, Remaining, open_in_words, open_periods_in, remaining_in
from invoices.domain.month_history import record_step
from invoices.domain.month_lock import check_unlocked, month_of
from invoices.domain.run.billing_run import CycleNotOver, RunInProgress, active_customers, start, to_bill
from invoices.domain.wording import month_in_words, unfinished_in_words
from invoices.models import BillingCycle, BillingRun, CycleStep, Invoice
from leads.domain.periods import missing_periods, open_missing, unfinished_periods
from leads.models import BillingPeriod, Customer

LAST_ZONE = ZoneInfo("Etc/GMT+12")  # where a day ends last
State = BillingCycle.State
Kind = CycleStep.Kind
MONTH_REOPENING = "month_reopening"  # a kind of approval
VERBS = {
    Kind.LOCKED: Verb("month_locked", "Month locked"),
    Kind.REOPENED: Verb("month_reopened", "Month reopened"),
    Kind.CLOSED: Verb("month_closed", "Month closed"),
}


class WrongCycleState(Refused):
    """A month goes from open to locked to closed, one step at a time."""

    code = "wrong_cycle_state"


class CycleNotReady(Refused):
    """Something in the month is not ready for this step."""

    code = "cycle_not_ready"


class ReasonRequired(Refused):
    """Reopening a month, or leaving something behind in it, needs a reason."""

    code = "reason_required"


class SecondPersonReopens(NeedsApproval):
    """The person who locked a month cannot reopen it."""

    code = "second_person_reopens"
    message = "You locked this month, so another person must reopen it."


class AlreadyIssued(Refused):
    """A month with issued invoices cannot be reopened."""

    code = "already_issued"


@dataclass(frozen=True, slots=True)
class StartedRuns:
    """The runs of a month that were started, and its periods that have not ended yet."""

    runs: list[BillingRun]
    unfinished: list[BillingPeriod]


def create_missing_months() -> None:
    """Create a month to close for every month that has a billing period."""
    months = {month_of(label) for label in BillingPeriod.objects.values_list("label", flat=True).distinct()}
    known = set(BillingCycle.objects.values_list("label", flat=True))
    BillingCycle.objects.bulk_create((BillingCycle(label=label) for label in months - known), ignore_conflicts=True)


@transaction.atomic
def bill_cycle(cycle: BillingCycle, *, by: User, at: datetime) -> StartedRuns:
    """Start a run of the month and of each week that ends in it, and return the periods that have not ended yet.

    Cycles with a run in progress are skipped. Raises CycleLocked, RunInProgress if all have one, or CycleNotOver if no
    period has ended.
    """
    check_unlocked(cycle.label)
    unfinished = unfinished_in(cycle.label, at=at)
    open_missing(active_customers(), until=at, cycles=_cycles_of(cycle.label))
    in_progress, runs = False, []
    for each in _labels_over(cycle.label, at):
        try:
            runs.append(start(Cycle.parse(each), by=by, at=at))
        except RunInProgress:
            in_progress = True
    if not runs and in_progress:
        raise RunInProgress
    if not runs and unfinished:
        raise CycleNotOver(f"Not ended yet: {unfinished_in_words(unfinished)}.")
    return StartedRuns(runs, unfinished)


def unfinished_in(label: str, *, at: datetime) -> list[BillingPeriod]:
    """Return active customers' periods of the month, and of the weeks that end in it, that have not ended yet."""
    month = Cycle.parse(label)
    if at >= month.span(LAST_ZONE).end:
        return []
    return unfinished_periods(_cycles_of(label), active_customers(), at=at)


def has_something_to_bill(cycle: BillingCycle, *, at: datetime) -> bool:
    """Return whether a run would find periods that have ended and are open, or not opened yet."""
    if _labels_over(cycle.label, at):
        return True
    missing = missing_periods(active_customers(), until=at, cycles=_cycles_of(cycle.label))
    return any(True for _ in missing)


@transaction.atomic
def lock(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """Lock the month: from now on it takes no new actions, and its drafts cannot be regenerated.

    Customers without a period in it get a closed one, so that late activity goes to their next period. Raises
    WrongCycleState, CycleNotReady, or ReasonRequired if something is left behind.
    """
    cycle = _locked(cycle, State.OPEN)
    _check_over(cycle.label, at)
    _check_ready(cycle.label, reason)
    _close_empty(cycle.label, at)
    _check_ready(cycle.label, reason)  # a delivery may have opened a period meanwhile; from here on none can
    _seal(cycle.label)
    return _step(cycle, State.LOCKED, Kind.LOCKED, by=by, at=at, reason=reason)


@transaction.atomic
def reopen(cycle: BillingCycle, *, by: User, at: datetime, reason: str) -> BillingCycle:
    """Reopen a locked month so that its drafts can be regenerated: by a second person, with a reason, before any issue."""
    cycle = _locked(cycle, State.LOCKED)
    if not reason.strip():
        raise ReasonRequired("Enter a reason for reopening this month.")
    check_may_open_again(cycle, by)
    close_for(cycle, by=by, at=at)
    BillingPeriod.objects.filter(label__in=labels_of(cycle.label)).update(is_sealed=False)
    return _step(cycle, State.OPEN, Kind.REOPENED, by=by, at=at, reason=reason)


def check_may_open_again(cycle: BillingCycle, by: User) -> None:
    """Refuse if an invoice of the month is issued, and refuse the person who locked it."""
    issued = Invoice.objects.filter(period__label__in=labels_of(cycle.label), state=Invoice.State.ISSUED).count()
    if issued:
        raise AlreadyIssued(
            f"{_many(issued, 'invoice')} of this month {'is' if issued == 1 else 'are'} already issued."
        )
    check_not_requested(cycle, MONTH_REOPENING)
    if by.pk in lockers_of(cycle):
        raise SecondPersonReopens


def lockers_of(cycle: BillingCycle) -> set[int]:
    """Return who locked the month last."""
    locked = cycle.steps.filter(kind=Kind.LOCKED).order_by("pk").last()
    return {locked.by_id} if locked is not None and locked.by_id is not None else set()


@transaction.atomic
def close_cycle(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """Close the month for good, once everything is issued; raise WrongCycleState, CycleNotReady or ReasonRequired."""
    cycle = _locked(cycle, State.LOCKED)
    _check_ready(cycle.label, reason)
    check_all_issued(cycle)
    return _step(cycle, State.CLOSED, Kind.CLOSED, by=by, at=at, reason=reason)


def check_all_issued(cycle: BillingCycle) -> None:
    """Refuse while an invoice of the month is not issued."""
    if not_issued := remaining_in(cycle.label).not_issued:
        raise CycleNotReady(f"Not issued yet: {_many(not_issued, 'invoice')}.")


def check_may_lock(cycle: BillingCycle, *, at: datetime) -> None:
    """Refuse what `lock` would refuse even with a reason."""
    if cycle.state != State.OPEN:
        raise WrongCycleState(_wrong_state(cycle, State.OPEN))
    _check_over(cycle.label, at)
    _check_billed(cycle.label, open_periods_in(cycle.label))


def left_behind(left: Remaining) -> str:
    """Return what a lock or a close would leave behind, which needs a reason; "" if nothing."""
    behind = (
        (left.quarantined, f"{_many(left.quarantined, 'item')} in quarantine"),
        (left.periods.inactive, f"{_many(left.periods.inactive, 'open period')} of inactive customers"),
    )
    return " and ".join(words for count, words in behind if count)


def refuse_locked_first_day(day: date) -> str:
    """Return why no customer can be billed from this day: a locked month would get a new billing period; "" if it can."""
    locked = BillingCycle.objects.exclude(state=State.OPEN).order_by("label").last()
    if locked is None or locked.label < str(Month.of_day(day)):
        return ""
    first = Cycle.parse(locked.label).next().first
    state = locked.get_state_display().lower()
    return f"{month_in_words(locked.label)} is {state}. Bill from {day_in_words(first)} or later."


def _locked(cycle: BillingCycle, state: BillingCycle.State) -> BillingCycle:
    found = BillingCycle.objects.select_for_update().get(pk=cycle.pk)
    if found.state != state:
        raise WrongCycleState(_wrong_state(found, state))
    return found


def _wrong_state(cycle: BillingCycle, state: BillingCycle.State) -> str:
    return f"This month is {cycle.get_state_display().lower()}, not {state.label.lower()}."


def _cycles_of(label: str) -> list[Cycle]:
    """Return the month, and the weeks and two-week cycles that end in it."""
    return [Cycle.parse(each) for each in labels_of(label)]


def _labels_over(label: str, at: datetime) -> list[str]:
    """Return a month's cycles that have open periods that have ended, in order."""
    found = to_bill().filter(label__in=labels_of(label), end_at__lte=at).values_list("label")
    return [each for each, _ in found.annotate(begin=Min("start_at")).order_by("begin", "label")]


def _check_over(label: str, at: datetime) -> None:
    unfinished = unfinished_in(label, at=at)
    if unfinished:
        raise CycleNotReady(f"Not ended yet: {unfinished_in_words(unfinished)}.")


def _check_ready(label: str, reason: str) -> Remaining:
    left = remaining_in(label)
    _check_billed(label, left.periods)
    if (behind := left_behind(left)) and not reason.strip():
        raise ReasonRequired(f"{behind} will be left behind. Enter a reason.")
    return left


def _check_billed(label: str, still_open: OpenPeriods) -> None:
    if still_open.not_billed:
        what = "it" if still_open.not_billed == 1 else "them"
        advice = f"Start a billing run to close {what}." if still_open.active else f"Use Bill again to close {what}."
        raise CycleNotReady(f"Still open: {open_in_words(label)}. {advice}")


def _close_empty(label: str, at: datetime) -> None:
    """Open and close a period for each customer without one in the month or its weeks; one with a minimum due stays open."""
    empty = BillingPeriod.objects.open().filter(label__in=labels_of(label), actions=None)
    before = list(empty.values_list("pk", flat=True))
    open_missing(Customer.objects.all(), until=at, cycles=_cycles_of(label))
    for period in empty.exclude(pk__in=before).order_by("customer", "start_at"):
        close_if_empty(period, at=at)


def _seal(label: str) -> None:
    """Seal the periods that stay open, so that they take no new actions."""
    still_open = BillingPeriod.objects.open().filter(label__in=labels_of(label)).order_by("pk")
    # A delivery in progress may have seen the period unsealed: the locks wait for it.
    found = list(still_open.select_for_update().values_list("pk", flat=True))
    BillingPeriod.objects.filter(pk__in=found).update(is_sealed=True)


def _step(
    cycle: BillingCycle, state: BillingCycle.State, kind: CycleStep.Kind, *, by: User, at: datetime, reason: str
) -> BillingCycle:
    before = cycle.state
    cycle.state = state
    cycle.save(update_fields=["state"])
    record_step(cycle.label, kind, by=by, at=at, reason=reason)
    record(VERBS[kind], on=cycle, by=by, reason=reason, before={"state": before}, after={"state": state})
    return cycle


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
