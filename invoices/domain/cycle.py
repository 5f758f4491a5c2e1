"""The close of a month, with the weeks that begin in it: locked when all is drafted, closed when all is issued."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.spans import Cycle, Month, labels_of
from invoices.domain.run import start, zones_not_over
from invoices.domain.waiting import Left, left_in
from invoices.models import BillingCycle, BillingRun, CycleStep, Invoice
from leads.domain.periods import open_cycle
from leads.models import BillingPeriod, Customer

State = BillingCycle.State
Kind = CycleStep.Kind


class CycleLocked(Refused):
    """What finance has locked is not drafted anew."""

    code = "cycle_locked"


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
    months = {_month_of(label) for label in BillingPeriod.objects.values_list("label", flat=True).distinct()}
    known = set(BillingCycle.objects.values_list("label", flat=True))
    BillingCycle.objects.bulk_create((BillingCycle(label=label) for label in months - known), ignore_conflicts=True)


def bill_cycle(cycle: BillingCycle, *, by: User, at: datetime) -> list[BillingRun]:
    """Start a run of the month, and of each of its weeks that has something open. Raises CycleNotOver or RunInProgress."""
    labels = labels_of(cycle.label)
    is_open = BillingPeriod.objects.open().filter(label__in=labels, customer__is_active=True)
    found = set(is_open.values_list("label", flat=True).distinct())
    with transaction.atomic():
        return [start(Cycle.parse(label), by=by, at=at) for label in labels if label in found or label == cycle.label]


@transaction.atomic
def lock(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """From here on nothing joins the cycle, and none of its drafts is made anew.

    Customers without a period in it get a closed one, so that what arrives late goes to their next. Raises
    WrongCycleState, CycleNotReady, or ReasonMissing where something stays behind that only a person can let go.
    """
    cycle = _held(cycle, State.OPEN)
    _check_over(cycle.label, at)
    _check_ready(left_in(cycle.label), reason)
    _close_empty(cycle.label, at)
    _check_ready(left_in(cycle.label), reason)  # a delivery may have opened one meanwhile; from here on none can
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
    return _step(cycle, State.OPEN, Kind.REOPENED, by=by, at=at, reason=reason)


@transaction.atomic
def close_cycle(cycle: BillingCycle, *, by: User, at: datetime, reason: str = "") -> BillingCycle:
    """For good: everything of it is issued. Raises WrongCycleState, CycleNotReady or ReasonMissing."""
    cycle = _held(cycle, State.LOCKED)
    left = left_in(cycle.label)
    _check_ready(left, reason)
    if left.not_issued:
        raise CycleNotReady(f"Not issued yet: {_many(left.not_issued, 'invoice')}.")
    return _step(cycle, State.CLOSED, Kind.CLOSED, by=by, at=at, reason=reason)


def check_unlocked(period: BillingPeriod) -> None:
    """Refuse where the period's cycle is locked or closed; until the transaction ends nobody locks it."""
    _check(period, State.OPEN)


def check_not_closed(period: BillingPeriod) -> None:
    """Refuse where the period's cycle is closed for good; until the transaction ends nobody closes it."""
    _check(period, State.OPEN, State.LOCKED)


def _check(period: BillingPeriod, *states: BillingCycle.State) -> None:
    label = _month_of(period.label)
    BillingCycle.objects.bulk_create([BillingCycle(label=label)], ignore_conflicts=True)
    cycle = BillingCycle.objects.select_for_update(no_key=True).get(label=label)
    if cycle.state == State.CLOSED and State.LOCKED in states:
        raise CycleLocked(f"{cycle.label} is closed for good.")
    if cycle.state not in states:
        raise CycleLocked(f"{cycle.label} is {cycle.get_state_display().lower()}: a second person may open it again.")


def _held(cycle: BillingCycle, state: BillingCycle.State) -> BillingCycle:
    found = BillingCycle.objects.select_for_update().get(pk=cycle.pk)
    if found.state != state:
        raise WrongCycleState(f"This month is {found.get_state_display().lower()}, not {state.label.lower()}.")
    return found


def _month_of(label: str) -> str:
    """The month in which a cycle begins."""
    return str(Month.of_day(Cycle.parse(label).first))


def _check_over(label: str, at: datetime) -> None:
    zones = {zone for each in labels_of(label) for zone in zones_not_over(Cycle.parse(each), at=at)}
    if zones:
        raise CycleNotReady(f"It is not over yet in {', '.join(sorted(zones))}.")


def _check_ready(left: Left, reason: str) -> None:
    if left.open_periods:
        raise CycleNotReady(f"Still open: {_many(left.open_periods, 'billing period')}. A billing run closes them.")
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


def _close_empty(label: str, at: datetime) -> None:
    """A closed period for each customer who has none in the month, or in a week of it."""
    labels = labels_of(label)
    periods = BillingPeriod.objects.filter(label__in=labels, customer__is_active=True)
    before = list(periods.values_list("pk", flat=True))
    for each in labels:
        open_cycle(Cycle.parse(each), Customer.objects.filter(is_active=True))
    opened = periods.open().exclude(pk__in=before).filter(actions=None)
    opened.update(state=BillingPeriod.State.CLOSED, closed_at=at)


def _step(
    cycle: BillingCycle, state: BillingCycle.State, kind: CycleStep.Kind, *, by: User, at: datetime, reason: str
) -> BillingCycle:
    cycle.state = state
    cycle.save(update_fields=["state"])
    CycleStep.objects.create(cycle=cycle, kind=kind, by=by, at=at, reason=reason.strip())
    return cycle


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
