"""The close of a month, with the weeks that begin in it: locked when all is drafted, closed when all is issued."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.spans import Cycle, labels_of
from invoices.domain.history import note
from invoices.domain.month_lock import check_unlocked, month_of
from invoices.domain.run import start, zones_not_over
from invoices.domain.waiting import Left, left_in, open_in_words
from invoices.models import BillingCycle, BillingRun, CycleStep, Invoice
from leads.domain.periods import open_cycle
from leads.models import BillingPeriod, Customer

State = BillingCycle.State
Kind = CycleStep.Kind


class WrongCycleState(Refused):
    """open → locked → closed, one step at a time."""

    code = "wrong_cycle_state"


class CycleNotReady(Refused):
    """Something of the cycle is not where it has to be yet."""

    code = "cycle_not_ready"


class ReasonMissing(Refused):
    """What departs from the rule says why."""

    code = "reason_missing"


class SecondPersonReopens(Refused):
    """Who locked a cycle does not open it again."""

    code = "second_person_reopens"
    message = "You locked this month: a second person opens it again."


class IssuedAlready(Refused):
    """What customers hold in their hands is not opened again."""

    code = "issued_already"


def know_cycles() -> None:
    """See to it that every month that has a billing period can be closed."""
    months = {month_of(label) for label in BillingPeriod.objects.values_list("label", flat=True).distinct()}
    known = set(BillingCycle.objects.values_list("label", flat=True))
    BillingCycle.objects.bulk_create((BillingCycle(label=label) for label in months - known), ignore_conflicts=True)


def bill_cycle(cycle: BillingCycle, *, by: User, at: datetime) -> list[BillingRun]:
    """Start a run of the month, and of each of its weeks that has something open. Raises CycleLocked, CycleNotOver or
    RunInProgress."""
    labels = labels_of(cycle.label)
    is_open = BillingPeriod.objects.open().filter(label__in=labels, customer__is_active=True)
    found = set(is_open.values_list("label", flat=True).distinct())
    with transaction.atomic():
        check_unlocked(cycle.label)
        return [start(Cycle.parse(label), by=by, at=at) for label in labels if label in found or label == cycle.label]


@transaction.atomic
def lock(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """From here on nothing joins the cycle, and none of its drafts is made anew.

    Customers without a period in it get a closed one, so that what arrives late goes to their next. Raises
    WrongCycleState, CycleNotReady, or ReasonMissing where something stays behind that only a person can let go.
    """
    cycle = _held(cycle, State.OPEN)
    _check_over(cycle.label, at)
    _check_ready(cycle.label, reason)
    _close_empty(cycle.label, at)
    _check_ready(cycle.label, reason)  # a delivery may have opened one meanwhile; from here on none can
    _seal(cycle.label)
    return _step(cycle, State.LOCKED, Kind.LOCKED, by=by, at=at, reason=reason)


@transaction.atomic
def reopen(cycle: BillingCycle, *, by: User, at: datetime, reason: str) -> BillingCycle:
    """Unlock it, so that its drafts can be made anew; by a second person, for a reason, while nothing is issued."""
    cycle = _held(cycle, State.LOCKED)
    if not reason.strip():
        raise ReasonMissing("Say why this month is opened again.")
    issued = Invoice.objects.filter(period__label__in=labels_of(cycle.label), state=Invoice.State.ISSUED).count()
    if issued:
        raise IssuedAlready(f"{_many(issued, 'invoice')} of it {'is' if issued == 1 else 'are'} issued.")
    locked = cycle.steps.filter(kind=Kind.LOCKED).latest("pk")
    if locked.by_id == by.pk:
        raise SecondPersonReopens
    BillingPeriod.objects.filter(label__in=labels_of(cycle.label)).update(is_sealed=False)
    return _step(cycle, State.OPEN, Kind.REOPENED, by=by, at=at, reason=reason)


@transaction.atomic
def close_cycle(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """For good: everything of it is issued. Raises WrongCycleState, CycleNotReady or ReasonMissing."""
    cycle = _held(cycle, State.LOCKED)
    left = _check_ready(cycle.label, reason)
    if left.not_issued:
        raise CycleNotReady(f"Not issued yet: {_many(left.not_issued, 'invoice')}.")
    return _step(cycle, State.CLOSED, Kind.CLOSED, by=by, at=at, reason=reason)


def _held(cycle: BillingCycle, state: BillingCycle.State) -> BillingCycle:
    found = BillingCycle.objects.select_for_update().get(pk=cycle.pk)
    if found.state != state:
        raise WrongCycleState(f"This month is {found.get_state_display().lower()}, not {state.label.lower()}.")
    return found


def _check_over(label: str, at: datetime) -> None:
    zones = {zone for each in labels_of(label) for zone in zones_not_over(Cycle.parse(each), at=at)}
    if zones:
        raise CycleNotReady(f"It is not over yet in {', '.join(sorted(zones))}.")


def _check_ready(label: str, reason: str) -> Left:
    left = left_in(label)
    if left.not_billed:
        closes = "A billing run closes" if left.open_periods else "On its page, Bill again closes"
        what = "it" if left.not_billed == 1 else "them"
        raise CycleNotReady(f"Still open: {open_in_words(label)}. {closes} {what}.")
    behind = [
        words
        for count, words in (
            (left.quarantined, f"{_many(left.quarantined, 'item')} in quarantine"),
            (left.inactive_periods, f"{_many(left.inactive_periods, 'open period')} of inactive customers"),
        )
        if count
    ]
    if behind and not reason.strip():
        raise ReasonMissing(f"{' and '.join(behind)} would stay behind: say why.")
    return left


def _close_empty(label: str, at: datetime) -> None:
    """A closed period for each customer who has none in the month, or in a week of it."""
    labels = labels_of(label)
    periods = BillingPeriod.objects.filter(label__in=labels, customer__is_active=True)
    before = list(periods.values_list("pk", flat=True))
    for each in labels:
        open_cycle(Cycle.parse(each), Customer.objects.filter(is_active=True))
    opened = periods.open().exclude(pk__in=before).filter(actions=None)
    opened.update(state=BillingPeriod.State.CLOSED, closed_at=at)


def _seal(label: str) -> None:
    """What stays open in the month takes nothing new either."""
    still_open = BillingPeriod.objects.open().filter(label__in=labels_of(label)).order_by("pk")
    # A delivery that is being stored has found the period unsealed: the locks wait for it.
    found = list(still_open.select_for_update().values_list("pk", flat=True))
    BillingPeriod.objects.filter(pk__in=found).update(is_sealed=True)


def _step(
    cycle: BillingCycle, state: BillingCycle.State, kind: CycleStep.Kind, *, by: User, at: datetime, reason: str
) -> BillingCycle:
    cycle.state = state
    cycle.save(update_fields=["state"])
    note(cycle.label, kind, by=by, at=at, reason=reason)
    return cycle


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
