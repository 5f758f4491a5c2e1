"""The table from received to occurred to billed on a month's page, loaded after the page."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.counts import count_in_words
from invoices.domain.wording import month_in_words
from invoices.queries.bridge import Bridge, Moved, bridge_of


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the bridge: actions, and quarantined items where they apply."""

    name: str
    actions: str
    items: str
    is_sum: bool


def bridge(request: HttpRequest, label: str) -> HttpResponse:
    """Return the table only."""
    found = bridge_of(Cycle.parse(label))
    page = {"rows": rows_of(found, month_in_words(label)), "adds_up": found.adds_up, "faults": faults_of(found)}
    response = render(request, "invoices/bridge.html", page)
    response["Cache-Control"] = "no-store"
    return response


def rows_of(found: Bridge, month: str) -> list[Row]:
    """Return the rows from what was received to what is billed; empty steps are left out."""
    actions, items = found.actions, found.quarantined
    steps = (
        ("occurred in an earlier month", -actions.occurred_earlier, -items.occurred_earlier),
        ("occurred in a later month", -actions.occurred_later, -items.occurred_later),
        (f"occurred in {month}, received before", actions.received_earlier, items.received_earlier),
        (f"occurred in {month}, received after", actions.received_later, items.received_later),
    )
    last = (
        ("billed with another period: late, or in a week across the month's border", -found.elsewhere, 0),
        (f"billed with {month}, occurred in another month", found.from_elsewhere, 0),
    )
    return [
        _sum(f"Received in {month} (UTC)", actions.received, items.received),
        *(_step(*step) for step in steps if any(step[1:])),
        _sum(f"Occurred in {month}, in each customer's time zone", actions.occurred, items.occurred),
        *(_step(*step) for step in last if any(step[1:])),
        Row(f"In the billing periods of {month}", count_in_words(found.billed), "", is_sum=True),
    ]


def _sum(name: str, actions: int, items: int) -> Row:
    return Row(name, count_in_words(actions), count_in_words(items), is_sum=True)


def _step(name: str, actions: int, items: int) -> Row:
    return Row(name, _signed(actions), _signed(items), is_sum=False)


def _signed(count: int) -> str:
    return f"{'+' if count > 0 else '−'}{count_in_words(abs(count))}" if count else ""


def faults_of(found: Bridge) -> list[str]:
    """Return sentences that say where the bridge does not add up."""
    faults = []
    if found.reported != found.actions.received:
        faults.append(f"The deliveries report {_actions(found.reported)} stored, but {_exist(found.actions.received)}.")
    if found.tallied is not None and found.tallied != found.billed:
        faults.append(f"In the billing periods, {_actions(found.tallied)} were rated, but {_exist(found.billed)}.")
    for moved, what in ((found.actions, "actions"), (found.quarantined, "quarantined items")):
        faults += _fault(moved, what)
    return faults


def _actions(count: int) -> str:
    return f"{count_in_words(count)} action{'' if count == 1 else 's'}"


def _exist(count: int) -> str:
    return f"{count_in_words(count)} {'exists' if count == 1 else 'exist'}"


def _fault(moved: Moved, what: str) -> list[str]:
    return [] if moved.adds_up else [f"Received and occurred {what} do not add up."]
