"""The steps of a month's close, from the billing run to the close: each done, next or later."""

from dataclasses import dataclass

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import count_in_words
from invoices.domain.month_close.unfinished import Remaining
from invoices.models import BillingCycle
from leads.models import BillingPeriod

State = BillingCycle.State
DONE, NEXT, LATER = "done", "next", "later"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the close: its progress, and where to go for it."""

    name: str
    text: str
    address: str
    progress: str


def steps_of(cycle: BillingCycle, left: Remaining) -> list[Step]:
    """Return the steps from the billing run to the close, each done, next or later."""
    periods = BillingPeriod.objects.filter(label__in=labels_of(cycle.label))
    total = periods.count()
    invoices = {"month": cycle.label}
    still_open = left.not_billed + left.inactive_periods
    steps = [
        (
            "Run",
            not left.not_billed,
            f"{count_in_words(total - still_open)} of {count_in_words(total)} periods billed",
            list_of("leads.billingperiod", cycle=cycle.label),
        ),
        (
            "Approve",
            not left.not_billed and not left.drafts,
            _to_go(left.drafts, "draft", plural="s"),
            list_of("invoices.invoice", **invoices, state__exact="draft"),
        ),
        (
            "Lock",
            cycle.state != State.OPEN,
            "takes no new actions" if cycle.state != State.OPEN else "once everything is drafted",
            "",
        ),
        (
            "Issue",
            not left.not_billed and not left.not_issued,
            _to_go(left.approved, "approved invoice", plural="s"),
            list_of("invoices.invoice", **invoices, state__exact="approved"),
        ),
        (
            "Send",
            not left.not_billed and not left.not_issued and not left.unsent,
            _to_go(left.unsent, "issued invoice", plural="s"),
            list_of("invoices.invoice", **invoices, sent="no"),
        ),
        (
            "Close",
            cycle.state == State.CLOSED,
            "for good" if cycle.state == State.CLOSED else "once everything is issued",
            "",
        ),
    ]
    first = next((number for number, (_, is_done, _, _) in enumerate(steps) if not is_done), len(steps))
    return [
        Step(name, text, address, DONE if is_done else NEXT if number == first else LATER)
        for number, (name, is_done, text, address) in enumerate(steps)
    ]


def _to_go(count: int, what: str, *, plural: str = "") -> str:
    return f"{count_in_words(count)} {what}{'' if count == 1 else plural} to go" if count else "none to go"
