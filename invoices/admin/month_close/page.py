"""The page where finance closes a month: its sums, its blockers, and the steps from run to close."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import instant, list_of, page_of
from billing_engine.core.admin_kit.task_cards import notices_about
from billing_engine.core.calendar.spans import Cycle, labels_of
from billing_engine.core.counts import count_in_words
from invoices.admin.month_close.blockers import cards_of
from invoices.admin.month_close.checklist import Known, checklist
from invoices.admin.month_close.figures import money_table, received_sum, stored_sum
from invoices.domain.month_close.close_month import unfinished_in
from invoices.domain.month_close.unfinished import Remaining, quarantined_in, remaining_in
from invoices.domain.run.blockers import blocker_of, failed_in
from invoices.domain.wording import end_in_words, month_in_words
from invoices.models import BillingCycle, BillingRun, BillingRunItem, CycleStep
from invoices.queries.close_steps import steps_of
from invoices.queries.cycle import CycleMoney, flagged_in, money_of
from invoices.queries.months import ended_in_words
from leads.models import BillingPeriod

State = BillingCycle.State
FAILURES_SHOWN = 20
ITEMS_SHOWN = 20
STOP = "stop_bulk_action"
FIRST_ZONE = ZoneInfo("Etc/GMT-14")  # where a day ends first


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A quarantined item: what it is, why it is quarantined, and when it occurred or was received."""

    address: str
    what: str
    source: str
    actions: int
    why: str
    when: str
    is_read: bool
    is_of_customer: bool


def cycle_page(model_admin: Any, request: HttpRequest, cycle: BillingCycle) -> HttpResponse:
    """Show the month; every figure is counted for this request."""
    # Read first: work that ends while the rest is counted shows with the next refresh.
    is_moving = bool(cycle.bulk_action) or _run_in_progress(cycle.label) is not None
    left = remaining_in(cycle.label)
    money = money_of(cycle.label)
    history = list(cycle.steps.select_related("by").order_by("pk"))
    flagged = flagged_in(cycle.label)
    buttons = _buttons(model_admin, request, cycle)
    known = Known(cycle, left, money, history, flagged, cards_of(cycle, left, flagged), buttons)
    steps = steps_of(cycle, left)
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": cycle,
        "object": cycle,
        "title": f"Close of {month_in_words(cycle.label)}",
        "cycle": cycle,
        "month": month_in_words(cycle.label),
        "ended": ended_in_words(Cycle.parse(cycle.label), now().date()),
        **_neighbours(Cycle.parse(cycle.label)),
        "checklist": checklist(steps, known),
        **_by_name(cycle.label, left),
        **_figures(cycle.label, money),
        "history": [_history_row(step) for step in history],
        "approvals": notices_about(cycle),
        "is_moving": is_moving,
        "media": model_admin.media,
        "actions_detail": [button for name, button in buttons.items() if name == STOP],
    }
    response = TemplateResponse(request, "invoices/month_close.html", page)
    response["Cache-Control"] = "no-store"
    if request.headers.get("HX-Request") and not is_moving:
        response["HX-Refresh"] = (
            "true"  # the workers are done: reload, because the buttons outside the refreshed part changed
        )
    return response


def _history_row(step: CycleStep) -> dict[str, Any]:
    """Return a step of the history: what was done, to what, by whom, when and why."""
    is_on_all = step.kind in BillingCycle.BulkAction.values
    return {
        "what": step.get_kind_display(),
        "about": f"{count_in_words(step.done)} done" if is_on_all else step.about,
        "by": (step.by.get_full_name() or str(step.by)) if step.by else "its schedule",
        "at": step.at,
        "reason": step.reason,
    }


def _buttons(model_admin: Any, request: HttpRequest, cycle: BillingCycle) -> dict[str, Any]:
    """Return the buttons that the person may press now, or why not, by name."""
    found = model_admin.get_actions_detail(request, str(cycle.pk))
    shown = model_admin._get_actions_navigation(model_admin.actions_detail, found, str(cycle.pk))  # noqa: SLF001 -- Unfold makes its header's buttons so
    names = [each.method.__name__ for each in found]
    return {name: {**button, "name": name} for name, button in zip(names, shown, strict=True)}


def _by_name(label: str, left: Remaining) -> dict[str, Any]:
    """Return what is left, item by item."""
    return {
        "failures": _failures(label),
        "quarantined": _waiting_items(label) if left.quarantined else [],
        "quarantined_more": max(0, left.quarantined - ITEMS_SHOWN),
        "quarantine_address": list_of("leads.quarantineditem", month=label, state="unsettled"),
        "unfinished": _unfinished(label),
    }


def _figures(label: str, money: list[CycleMoney]) -> dict[str, Any]:
    """Return the sums that must agree, and the amounts by state."""
    sums, tables = [received_sum(label), stored_sum(label)], [money_table(one, label) for one in money]
    return {
        "sums": sums,
        "tables": tables,
        "adds_up": all(one.adds_up for one in sums) and all(one.adds_up for one in tables),
        "is_complete": bool(tables) and all(one.equations for one in sums),
    }


def _failures(label: str) -> list[tuple[BillingRunItem, str]]:
    """Return the first failed items, each with what blocks it now."""
    failed = failed_in(label).select_related("period__customer", "period__tally").order_by("period__customer__name")
    return [(item, blocker_of(item)) for item in failed[:FAILURES_SHOWN]]


def _waiting_items(label: str) -> list[WaitingItem]:
    """Return the first quarantined items that count toward the month."""
    found = quarantined_in(label).select_related("source").order_by("received_at", "pk")
    return [
        WaitingItem(
            address=page_of("leads.quarantineditem", item.pk),
            what=f"{item.get_kind_display()} {item.lead_external_id}".strip(),
            source=item.source.name,
            actions=item.actions_held,
            why=item.message,
            when=instant(item.occurred_at or item.received_at, ZoneInfo(item.zone or "UTC")),
            is_read=item.occurred_at is not None,
            is_of_customer=bool(item.zone),
        )
        for item in found[:ITEMS_SHOWN]
    ]


def _unfinished(label: str) -> list[tuple[BillingPeriod, str]]:
    """Return the periods that have not ended yet, with their ends; none until the month has ended for the first customer."""
    at = now()
    if at < Cycle.parse(label).span(FIRST_ZONE).end:
        return []
    return [(period, end_in_words(period)) for period in unfinished_in(label, at=at)]


def _run_in_progress(label: str) -> BillingRun | None:
    return BillingRun.objects.filter(cycle__in=labels_of(label), finished_at=None).first()


def _neighbours(month: Cycle) -> dict[str, str]:
    """Return the pages of the previous and next month, if they exist."""
    names = {str(month.previous()): "earlier", str(month.next()): "later"}
    found = BillingCycle.objects.filter(label__in=names)
    return {names[one.label]: page_of("invoices.billingcycle", one.pk) for one in found}
