"""The close of a cycle: locked when everything of it is drafted, closed when everything is issued."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.spans import Month
from invoices.domain.waiting import Left, left_in
from invoices.models import BillingCycle, CycleStep, Invoice
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
    """See to it that every cycle that has a billing period can be closed."""
    known = BillingCycle.objects.values("label")
    labels = BillingPeriod.objects.exclude(label__in=known).values_list("label", flat=True).distinct()
    BillingCycle.objects.bulk_create((BillingCycle(label=label) for label in labels), ignore_conflicts=True)


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
    issued = Invoice.objects.filter(period__label=cycle.label).exclude(number=None).count()
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
    BillingCycle.objects.bulk_create([BillingCycle(label=period.label)], ignore_conflicts=True)
    cycle = BillingCycle.objects.select_for_update(no_key=True).get(label=period.label)
    if cycle.state != State.OPEN:
        raise CycleLocked(f"{cycle.label} is {cycle.get_state_display().lower()}: a second person may open it again.")


def _held(cycle: BillingCycle, state: BillingCycle.State) -> BillingCycle:
    found = BillingCycle.objects.select_for_update().get(pk=cycle.pk)
    if found.state != state:
        raise WrongCycleState(f"This month is {found.get_state_display().lower()}, not {state.label.lower()}.")
    return found


def _check_over(label: str, at: datetime) -> None:
    month = Month.parse(label)
    zones = {customer.time_zone for customer in Customer.objects.filter(is_active=True) if _ends(month, customer) > at}
    if zones:
        raise CycleNotReady(f"It is not over yet in {', '.join(sorted(zones))}.")


def _ends(month: Month, customer: Customer) -> datetime:
    return month.span(customer.zone).end


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
    """A closed period for each customer who has none in the cycle."""
    month = Month.parse(label)
    missing = []
    for customer in Customer.objects.filter(is_active=True).exclude(periods__label=label):
        span = month.span(customer.zone)
        missing.append(
            BillingPeriod(
                customer=customer,
                label=label,
                start_at=span.start,
                end_at=span.end,
                state=BillingPeriod.State.CLOSED,
                closed_at=at,
            )
        )
    BillingPeriod.objects.bulk_create(missing, ignore_conflicts=True)


def _step(
    cycle: BillingCycle, state: BillingCycle.State, kind: CycleStep.Kind, *, by: User, at: datetime, reason: str
) -> BillingCycle:
    cycle.state = state
    cycle.save(update_fields=["state"])
    CycleStep.objects.create(cycle=cycle, kind=kind, by=by, at=at, reason=reason.strip())
    return cycle


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
