"""What a locked month still allows; the same functions refuse a step and hide its button."""

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.errors import Refused
from invoices.models import BillingCycle
from leads.models import BillingPeriod

State = BillingCycle.State


class CycleLocked(Refused):
    """A locked month cannot be billed, adjusted or regenerated."""

    code = "cycle_locked"


def month_of(label: str) -> str:
    """Return the month that a cycle is closed with: the one it ends in."""
    return str(Cycle.parse(label).closing_month)


def why_locked(label: str) -> str:
    """Return why the cycle cannot be billed, adjusted or regenerated; "" if its month is open."""
    return why_month_locked(BillingCycle.objects.filter(label=month_of(label)).first())


def why_month_locked(month: BillingCycle | None) -> str:
    """Return the same for a given month; None counts as open."""
    return _sentence(month, State.OPEN)


def why_not_regenerated(period: BillingPeriod) -> str:
    """Return why the period's draft cannot be regenerated; a sealed period keeps its actions, so it can."""
    return "" if period.is_sealed else why_locked(period.label)


def why_closed(label: str) -> str:
    """Return why the cycle can never change again; "" if its month is open or locked."""
    return _sentence(BillingCycle.objects.filter(label=month_of(label)).first(), State.OPEN, State.LOCKED)


def check_unlocked(label: str) -> None:
    """Refuse if the cycle's month is locked or closed, and keep it from being locked until the transaction ends."""
    _check(label, State.OPEN)


def check_not_closed(label: str) -> bool:
    """Refuse if the cycle's month is closed, keep it from being closed until the transaction ends, and return whether
    it is locked."""
    return _check(label, State.OPEN, State.LOCKED) == State.LOCKED


def _check(label: str, *states: BillingCycle.State) -> str:
    month = month_of(label)
    BillingCycle.objects.bulk_create([BillingCycle(label=month)], ignore_conflicts=True)
    cycle = BillingCycle.objects.select_for_update(no_key=True).get(label=month)
    if why := _sentence(cycle, *states):
        raise CycleLocked(why)
    return cycle.state


def _sentence(cycle: BillingCycle | None, *states: BillingCycle.State) -> str:
    if cycle is None or cycle.state in states:
        return ""
    if cycle.state == State.CLOSED:
        return f"{cycle.label} is closed for good."
    return f"{cycle.label} is locked. A second person can reopen it."
