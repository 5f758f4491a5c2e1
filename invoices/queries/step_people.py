"""Who did the steps of a month's close, and when: from its history, and from the invoices themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Max

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from invoices.models import BillingCycle, CycleStep, Invoice
from invoices.queries.close_steps import APPROVE, CLOSE, ISSUE, LOCK, RUN, SEND

Kind = CycleStep.Kind
OF_HISTORY = {Kind.RUN: RUN, Kind.LOCKED: LOCK, Kind.SENT: SEND, Kind.CLOSED: CLOSE}
OF_INVOICES = {APPROVE: ("approved_by", "approved_at"), ISSUE: ("issued_by", "issued_at")}


@dataclass(frozen=True, slots=True)
class DoneBy:
    """Who did a step, and when last."""

    who: str
    at: datetime


def done_by(cycle: BillingCycle, history: Sequence[CycleStep]) -> dict[str, DoneBy]:
    """Return by step who did it last; `history` is in order. A lock that was undone does not count."""
    found = {OF_HISTORY[Kind(step.kind)]: _of(step) for step in history if step.kind in OF_HISTORY}
    if cycle.state == BillingCycle.State.OPEN:
        found.pop(LOCK, None)
    return found | {name: done for name, who_when in OF_INVOICES.items() if (done := _of_invoices(cycle, *who_when))}


def _of(step: CycleStep) -> DoneBy:
    return DoneBy(_name(step.by) if step.by else "schedule", step.at)


def _of_invoices(cycle: BillingCycle, who: str, when: str) -> DoneBy | None:
    """Everyone who approved or issued invoices of the month, who did most of them first."""
    names = (f"{who}__first_name", f"{who}__last_name", f"{who}__username")
    done = Invoice.objects.live().filter(period__label__in=labels_of(cycle.label), **{f"{who}__isnull": False})
    rows = list(done.order_by().values_list(*names).annotate(count=Count("pk"), last=Max(when)).order_by("-count"))
    if not rows:
        return None
    people = [_name(User(first_name=first, last_name=last, username=name)) for first, last, name, _, _ in rows]
    return DoneBy(names_in_words(people), max(row[-1] for row in rows))


def _name(person: User) -> str:
    return person.get_full_name() or person.get_username()
