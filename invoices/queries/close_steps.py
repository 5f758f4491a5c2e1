"""The steps of a month's close, from clearing what is waiting to the close: each done, next, later, or waiting beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import count_in_words
from invoices.domain.month_close.unfinished import Remaining
from invoices.models import BillingCycle
from leads.models import BillingPeriod

State = BillingCycle.State
DONE, NEXT, LATER = "done", "next", "later"
WAITS = "waits"  # not done, but holds up no other step
CLEAR, RUN, APPROVE, LOCK, ISSUE, SEND, CLOSE = "Clear", "Run", "Approve", "Lock", "Issue", "Send", "Close"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the close: its progress, and where to go for it."""

    name: str
    text: str
    address: str
    progress: str


Told = tuple[str, bool, str, str]  # name, whether it is done, text, address


def steps_of(cycle: BillingCycle, left: Remaining, *, periods: int | None = None) -> list[Step]:
    """Return the steps in order; `periods` is the number of the month's billing periods, counted here if it is not given."""
    if periods is None:
        periods = BillingPeriod.objects.filter(label__in=labels_of(cycle.label)).count()
    steps = [*_to_approve(cycle, left, periods), *_to_close(cycle, left)]
    # Issue locks, too: while there is something to issue, Lock is not the next step.
    beside = LOCK if left.approved else ""
    first = next((name for name, is_done, _, _ in steps if not is_done and name != beside), "")
    return [
        _clear(cycle, left),
        *(
            Step(name, text, address, DONE if is_done else NEXT if name == first else LATER)
            for name, is_done, text, address in steps
        ),
    ]


def next_of(steps: Sequence[Step]) -> tuple[int, Step] | None:
    """Return the next step and its place among all of them; None if all are done."""
    return next(((place, step) for place, step in enumerate(steps, start=1) if step.progress == NEXT), None)


def _clear(cycle: BillingCycle, left: Remaining) -> Step:
    """What is waiting holds up nothing: it needs a reason when the month is locked or closed without it."""
    waiting = [
        f"{count_in_words(count)} {what}"
        for count, what in ((left.quarantined, "in quarantine"), (left.unrated, "unrated"))
        if count
    ]
    text = ", ".join(waiting) or "nothing unrated or in quarantine"
    address = list_of("leads.quarantineditem", month=cycle.label, state="unsettled") if left.quarantined else ""
    return Step(CLEAR, text, address, WAITS if waiting and cycle.state != State.CLOSED else DONE)


def _to_approve(cycle: BillingCycle, left: Remaining, periods: int) -> list[Told]:
    still_open = left.not_billed + left.periods.inactive
    return [
        (
            RUN,
            not left.not_billed,
            f"{count_in_words(periods - still_open)} of {count_in_words(periods)} periods billed",
            list_of("leads.billingperiod", cycle=cycle.label),
        ),
        (
            APPROVE,
            not left.not_billed and not left.drafts,
            _to_go(left.drafts, "draft", plural="s"),
            list_of("invoices.invoice", month=cycle.label, state__exact="draft") if left.drafts else "",
        ),
    ]


def _to_close(cycle: BillingCycle, left: Remaining) -> list[Told]:
    is_open, invoices = cycle.state == State.OPEN, {"month": cycle.label}
    return [
        (LOCK, not is_open, "with Issue, or before it" if is_open else "takes no new actions", ""),
        (
            ISSUE,
            not left.not_billed and not left.not_issued,
            _to_go(left.approved, "approved invoice", plural="s"),
            list_of("invoices.invoice", **invoices, state__exact="approved") if left.approved else "",
        ),
        (
            SEND,
            not left.not_billed and not left.not_issued and not left.unsent,
            _to_go(left.unsent, "issued invoice", plural="s"),
            list_of("invoices.invoice", **invoices, sent="no") if left.unsent else "",
        ),
        (
            CLOSE,
            cycle.state == State.CLOSED,
            "for good" if cycle.state == State.CLOSED else "once everything is issued",
            "",
        ),
    ]


def _to_go(count: int, what: str, *, plural: str = "") -> str:
    return f"{count_in_words(count)} {what}{'' if count == 1 else plural} to go" if count else "none to go"
