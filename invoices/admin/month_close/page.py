"""The page where finance closes a month: its sums, its blockers, and the steps from run to close."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.admin_kit.bulk import SKIPPED_SHOWN, Skipped, SkippedRow
from billing_engine.core.admin_kit.cells import instant, list_of, page_of
from billing_engine.core.admin_kit.task_cards import notices_about
from billing_engine.core.calendar.spans import Cycle, labels_of
from billing_engine.core.counts import count_in_words
from invoices.admin.month_close.blockers import blocker_cards
from invoices.admin.month_close.figures import money_table, received_sum, stored_sum
from invoices.domain.month_close.bulk_action import last_bulk_action
from invoices.domain.month_close.close_month import unfinished_in
from invoices.domain.month_close.unfinished import quarantined_in, remaining_in
from invoices.domain.run.blockers import blocker_of, failed_in
from invoices.domain.wording import end_in_words, month_in_words
from invoices.models import BillingCycle, BillingRun, BillingRunItem, CycleStep
from invoices.queries.close_steps import steps_of
from invoices.queries.cycle import money_of
from leads.models import BillingPeriod

State = BillingCycle.State
FAILURES_SHOWN = 20
ITEMS_SHOWN = 20
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
    month = Cycle.parse(cycle.label)
    sums = [received_sum(cycle.label), stored_sum(cycle.label)]
    tables = [money_table(one, cycle.label) for one in money]
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": cycle,
        "object": cycle,
        "title": f"Close of {month_in_words(cycle.label)}",
        "cycle": cycle,
        "month": month_in_words(cycle.label),
        **_neighbours(month),
        "steps": steps_of(cycle, left),
        "blockers": blocker_cards(cycle, left),
        "failures": _failures(cycle.label),
        "quarantined": _waiting_items(cycle.label) if left.quarantined else [],
        "quarantined_more": max(0, left.quarantined - ITEMS_SHOWN),
        "quarantine_address": list_of("leads.quarantineditem", month=cycle.label, state="unsettled"),
        "unfinished": _unfinished(cycle.label),
        "sums": sums,
        "tables": tables,
        "adds_up": all(one.adds_up for one in sums) and all(one.adds_up for one in tables),
        "is_complete": bool(tables) and all(one.equations for one in sums),
        "history": [_history_row(step) for step in history],
        "skipped": _skipped(last_bulk_action(history)),
        "approvals": notices_about(cycle),
        "is_moving": is_moving,
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold makes its header's buttons so
            model_admin.actions_detail, model_admin.get_actions_detail(request, str(cycle.pk)), str(cycle.pk)
        ),
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


def _skipped(act: CycleStep | None) -> Skipped | None:
    """Return what a bulk action skipped, and why."""
    if act is None:
        return None
    rows = list(act.skipped.order_by("pk")[:SKIPPED_SHOWN])
    if not rows:
        return None
    count = act.skipped.count()
    skipped = [
        SkippedRow(row.name, row.message, page_of("invoices.invoice", row.invoice_id) if row.invoice_id else "")
        for row in rows
    ]
    summary = f"{act.get_kind_display()}: {count_in_words(act.done)} done, {count_in_words(count)} skipped"
    return Skipped(summary, skipped, count - len(rows))


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
