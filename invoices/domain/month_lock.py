"""What a locked month still allows. The functions that refuse are those that hide the buttons."""

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.errors import Refused
from invoices.models import BillingCycle
from leads.models import BillingPeriod

State = BillingCycle.State


class CycleLocked(Refused):
    """What finance has locked is not billed, adjusted or drafted again."""

    code = "cycle_locked"


def month_of(label: str) -> str:
    """The month that a cycle is closed with: the one it ends in."""
    return str(Cycle.parse(label).closing_month)


def why_locked(label: str) -> str:
    """Why nothing of the cycle is billed, adjusted or drafted again, in one sentence; "" where its month is open."""
    return why_month_locked(BillingCycle.objects.filter(label=month_of(label)).first())


def why_month_locked(month: BillingCycle | None) -> str:
    """The same of a month at hand; one that nobody knows yet is open."""
    return _sentence(month, State.OPEN)


def why_not_regenerated(period: BillingPeriod) -> str:
    """The same of a draft made again: what is sealed holds the same actions, so it may be."""
    return "" if period.is_sealed else why_locked(period.label)


def why_closed(label: str) -> str:
    """Why nothing of the cycle is ever touched again; "" where its month is open or locked."""
    return _sentence(BillingCycle.objects.filter(label=month_of(label)).first(), State.OPEN, State.LOCKED)


def check_unlocked(label: str) -> None:
    """Refuse where the cycle's month is locked or closed; until the transaction ends nobody locks it."""
    _check(label, State.OPEN)


def check_not_closed(label: str) -> bool:
    """Refuse where the cycle's month is closed for good; until the transaction ends nobody closes it. Answers whether it is
    locked."""
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
    return f"{cycle.label} is locked: a second person may open it again."
