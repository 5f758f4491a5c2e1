"""The front page of the admin: tasks that need the person, and the desk of each role."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.timezone import now

from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.calendar.spans import Cycle, Month
from billing_engine.core.calendar.wording import day_in_words
from invoices.domain.wording import month_in_words
from invoices.queries.month import quarantine_waiting, rated_in, received_in
from invoices.queries.month_figures import bar, rated_in_words, received_in_words, still_waiting
from reports.admin.desk.closing import decisions, has_drafts_in, month_steps, month_sums, month_to_close
from reports.admin.desk.due import owed
from reports.admin.desk.operations import actions_by_day, price_rows, source_rows
from reports.admin.desk.so_far import so_far
from reports.admin.desk.trends import trends
from reports.admin.desk.work_list import work_list
from reports.domain.alerts.silence import Silence, silent_sources
from reports.queries.attention import waiting
from reports.queries.desk.whose import FINANCE, OPERATIONS, is_only_of

CHARGES, DELIVERIES, INVOICES = "pricing.view_charge", "leads.view_delivery", "invoices.view_invoice"


def month_at_a_glance(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the front page, querying only what the user may see."""
    at = now()
    by, may = person(request), request.user.has_perm
    is_finance, is_operations = not is_only_of(by, OPERATIONS), not is_only_of(by, FINANCE)
    current = Month.containing(at, ZoneInfo("UTC"))
    closing = month_to_close(current) if is_finance and may(INVOICES) else None
    month = _chosen(request, closing or current)
    queues = waiting()
    silences = silent_sources(at=at) if is_operations and may(DELIVERIES) else []
    return {
        **context,
        "title": "At a glance",
        "today": day_in_words(at.date()),
        "month": month_in_words(str(month)),
        "label": str(month),
        "earlier": month.previous(),
        "later": month.next(),
        "current": None if month == current else current,
        "tasks": work_list(queues, by, silences),
        "at": at,
        "to_rate": queues.to_rate if may(CHARGES) else 0,
        "received": _received(month) if may(DELIVERIES) else None,
        "rated": _rated(month) if may(CHARGES) else None,
        "money": month_sums(month, at.date()) if may(INVOICES) else None,
        "operations": _operations(request, at, silences) if is_operations else None,
        "finance": _finance(request, month, at) if is_finance else None,
        "is_finance_first": is_finance and may(FINANCE),
    }


def _chosen(request: HttpRequest, otherwise: Cycle) -> Cycle:
    try:
        return Cycle.parse(request.GET.get("month", ""))
    except ValueError:
        return otherwise


def _received(month: Cycle) -> dict[str, Any]:
    return {
        "equations": received_in_words(month, *received_in(month)),
        "still_waiting": still_waiting(month, quarantine_waiting(month)),
    }


def _rated(month: Cycle) -> dict[str, Any]:
    rated = rated_in(month)
    equation = rated_in_words(month, rated)
    return {"equation": equation, "bar": bar(rated) if equation else []}


def _operations(request: HttpRequest, at: datetime, silences: list[Silence]) -> dict[str, Any]:
    """Return the tiles of Operations that the user may see."""
    may = request.user.has_perm
    sources, count = source_rows(at, silences) if may(DELIVERIES) else ([], 0)
    prices, changes = price_rows(at) if may("pricing.view_pricerule") else ([], 0)
    return {
        "by_day": actions_by_day(at, with_held=may("leads.view_quarantineditem")) if may(CHARGES) else None,
        "sources": sources,
        "sources_in_all": count,
        "sees_prices": may("pricing.view_pricerule"),
        "prices": prices,
        "more_prices": changes - len(prices),
    }


def _finance(request: HttpRequest, month: Cycle, at: datetime) -> dict[str, Any]:
    """Return the tiles of Finance that the user may see."""
    may = request.user.has_perm
    has_drafts = may(INVOICES) and has_drafts_in(month)
    return {
        "close": month_steps(month, at.date()) if may("invoices.view_billingcycle") else None,
        "has_drafts": has_drafts,
        "decisions": decisions(person(request)) if may("core.view_approvalrequest") else [],
        "owed": owed(at.date()) if may("receivables.view_ledgerdocument") else None,
        "so_far": so_far(at) if may(CHARGES) else None,
        "trends": trends(at, request.GET.get("currency", "")) if may(CHARGES) else None,
    }
